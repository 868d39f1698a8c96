"""Which car and which driver for which ride, and which fleet for a year: plain Python over plain data.

Nothing here knows the database, the web or a language. ``problem`` says what is asked and what is answered,
``feasible`` judges a plan on its own, ``solve`` finds one, ``sizing`` and ``renewal`` look at a year.
"""
