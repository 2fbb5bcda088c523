"""What the sentences of all pages agree on. It imports nothing: workers that send mail use it, too."""

from datetime import timedelta

NUMBER_WORDS = (
    "Nobody",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
)
"""Counts of people, from none, in words; a higher count is a number."""
SOON = timedelta(hours=3)
"""What is due sooner is described by the time that is left."""
