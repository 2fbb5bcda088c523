"""Whether one part of a change adds more than chance would make it. Pure."""

from services.scorer.decomposition.domain import PartEffects, Split
from services.scorer.verdicts import beyond_chance


def part_standing_out(split: Split) -> PartEffects | None:
    """Of the parts that are told, the one that adds the most, up or down, of those that add more than chance
    would make it among so many (:func:`beyond_chance`); None: there is none.
    """
    called = beyond_chance([part.both for part in split.parts])
    return next((part for part, each in zip(split.parts, called, strict=True) if each is not None), None)
