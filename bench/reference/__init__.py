"""References: the plainest good code for the same result, run as the owner, without policies, audit or permissions.

They may be made faster, never slower. A change needs a reason in its commit message.
"""
