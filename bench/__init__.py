"""Benchmarks: what the product costs against the plainest good code for the same result (``make bench``, ``make soak``).

Each module of this package measures one promise; ``bench.reference`` holds what it is measured against.
"""
