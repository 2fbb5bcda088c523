"""How many examples a property that is tried against real servers gets."""

from hypothesis import settings

BY_DEFAULT = 100
"""Hypothesis's own number, which ``HYPOTHESIS=deep`` multiplies."""


def examples(usual: int) -> int:
    """So many in a run of all tests, and in proportion more with HYPOTHESIS=deep."""
    return max(1, usual * settings().max_examples // BY_DEFAULT)


def one_in(usual: int) -> int:
    """The step by which many similar examples are taken: each of so many, all of them with HYPOTHESIS=deep."""
    return usual if settings().max_examples <= BY_DEFAULT else 1
