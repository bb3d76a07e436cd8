"""A call found in the C reading of a program that the program's own language cannot say.

Limits: a reason for people; which rule it was stands before the colon.
"""

from __future__ import annotations


class Unsayable(Exception):
    """The message is the reason."""
