"""What is counted of those who were asked. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from services.scorer.domain import Groups, sum_of_groups


class AskedCounts(NamedTuple):
    """What was counted of invitations; each figure is of the same ones."""

    asked: int = 0
    delivered: int = 0
    """Those of which nobody has said that they did not arrive."""
    opened: int = 0
    """Those whose link was followed, answered ones among them."""
    answered: int = 0
    groups: Groups = Groups(0, 0, 0)
    """Of those that were answered."""


def total_of(counts: Iterable[AskedCounts]) -> AskedCounts:
    """All of them together."""
    found = list(counts)
    return AskedCounts(
        asked=sum(each.asked for each in found),
        delivered=sum(each.delivered for each in found),
        opened=sum(each.opened for each in found),
        answered=sum(each.answered for each in found),
        groups=sum_of_groups(each.groups for each in found),
    )
