"""A change and its parts as the API answers them."""

from typing import Literal, Self

from pydantic import BaseModel, Field

from services.scorer.comparisons.schemas import ComparedSideOut, margin_of, nps_of
from services.scorer.decomposition.domain import NoSplit, PartEffects, Split
from services.scorer.decomposition.effects import Effect
from services.scorer.decomposition.standing_out import part_standing_out
from services.scorer.domain import CONFIDENCE, Groups
from services.scorer.drivers.labels import finding_of, no_split_words
from services.scorer.drivers.reading import DimensionSplit, ReadDrivers
from services.scorer.improvements.schemas import DifferenceOut, difference_of
from services.scorer.schemas import MarginBody
from shared.events.surveys import NpsMeasurement

_ADD_UP = "Those of all parts add up to `mix` and `rate` of the whole, and these to the `points` of `change`."


class EffectOut(BaseModel):
    """What something adds to the change."""

    points: float = Field(
        description="With one decimal, up or down by a tenth at most (`both`, a sum of two, by two tenths). "
        f"{_ADD_UP}"
    )
    exact: float = Field(description="Before it was rounded.")
    margin: MarginBody = Field(description="Of `exact`, by the delta method.")

    @classmethod
    def of(cls, effect: Effect) -> Self:
        """As it is answered."""
        margin = MarginBody(level=CONFIDENCE, low=effect.low, high=effect.high)
        return cls(points=effect.tenths / 10, exact=float(effect.exact), margin=margin)


class DriverSideOut(BaseModel):
    """A part in one of the windows."""

    n: int
    share: float = Field(description="Of all answers of the window, from 0 to 1.")
    nps: float | None = Field(description="From -100 to +100; null without answers.")
    margin: MarginBody | None = Field(description="Of the score; null without answers.")

    @classmethod
    def of(cls, groups: Groups, share: float) -> Self:
        """As it is answered."""
        return cls(n=groups.n, share=share, nps=nps_of(groups), margin=margin_of(groups))


class LargestPartOut(BaseModel):
    """The part of a dimension that adds the most to a change, of those that add more than chance."""

    dimension: str
    segment: str | None = Field(description="Null: no part stands out.")
    change: float = Field(description="In points, with one decimal: what all parts add up to.")
    effect: EffectOut | None = Field(description="What the part adds.")
    parts: int = Field(description="How many parts are told, without the others.")

    @classmethod
    def of(cls, dimension: str, split: Split) -> Self:
        """As it is answered."""
        part = part_standing_out(split)
        return cls(
            dimension=dimension,
            segment=part.groups.segment if part is not None else None,
            change=split.change_tenths / 10,
            effect=EffectOut.of(part.both) if part is not None else None,
            parts=len(split.parts),
        )


class DriverPartOut(BaseModel):
    """A part of the whole, and what it adds to the change."""

    kind: Literal["segment", "others"] = Field(
        description="`others`: all answers that are in no part that is told, and those without a value."
    )
    segment: str | None = Field(description="dimension:value; null for the others.")
    now: DriverSideOut
    before: DriverSideOut
    mix: EffectOut = Field(description="Other customers: its share of the answers changed.")
    rate: EffectOut = Field(
        description="Other answers of the same customers: its score changed. 0 where it has answers in one "
        "window only."
    )
    both: EffectOut

    @classmethod
    def of(cls, part: PartEffects, kind: Literal["segment", "others"]) -> Self:
        """As it is answered."""
        return cls(
            kind=kind,
            segment=part.groups.segment or None,
            now=DriverSideOut.of(part.groups.now, float(part.share_now)),
            before=DriverSideOut.of(part.groups.before, float(part.share_before)),
            mix=EffectOut.of(part.mix),
            rate=EffectOut.of(part.rate),
            both=EffectOut.of(part.both),
        )


class DriverDimensionOut(BaseModel):
    """How much of the change is mix and how much is rate, by one dimension."""

    dimension: str
    mix: EffectOut | None
    rate: EffectOut | None
    parts: int = Field(description="Parts that are told, without the others.")
    first_segment: str | None = Field(description="Of the parts that are told, the one that adds the most.")
    first: EffectOut | None = Field(description="What that part adds, mix and rate together.")
    reason_code: NoSplit | None
    reason: str | None = Field(description="Why it is not taken apart; null where it is.")

    @classmethod
    def of(cls, found: DimensionSplit) -> Self:
        """As it is answered."""
        split = found.split
        if not isinstance(split, Split):
            return cls(
                dimension=found.dimension,
                mix=None,
                rate=None,
                parts=0,
                first_segment=None,
                first=None,
                reason_code=split,
                reason=no_split_words(split),
            )
        return cls(
            dimension=found.dimension,
            mix=EffectOut.of(split.mix),
            rate=EffectOut.of(split.rate),
            parts=len(split.parts),
            first_segment=split.parts[0].groups.segment,
            first=EffectOut.of(split.parts[0].both),
            reason_code=None,
            reason=None,
        )


class ChangeOut(BaseModel):
    """The difference of the two scores, each with one decimal."""

    points: float = Field(description="What all parts add up to.")
    exact: float
    test: DifferenceOut = Field(
        description="As comparisons tell it: in whole points, with the interval and p of the adjusted "
        "two-sample z test."
    )


class DriversOut(BaseModel):
    """The change of a score between two windows, taken apart. It tells what it is linked with, not why."""

    measurement: NpsMeasurement
    time_zone: str
    finding: str = Field(description="What the figures say, in words.")
    now: ComparedSideOut
    before: ComparedSideOut
    change: ChangeOut | None = Field(description="Null with fewer than 30 answers in a window.")
    dimension: str | None = Field(description="By which the change is taken apart; null: there is none.")
    mix: EffectOut | None = Field(description="The sum of all parts' mix; null where `reason` says why.")
    rate: EffectOut | None
    parts: list[DriverPartOut] = Field(
        description="Those that add the most, up or down, first; the others last."
    )
    merged: int = Field(description="How many values are among the others, too small or too many to tell.")
    stands_out: str | None = Field(
        description="Of the parts, the one that adds the most, of those that add more than chance would make "
        "it (p < 0.05, and accepted by Benjamini-Hochberg among all parts); null: none does."
    )
    reason_code: NoSplit | None
    reason: str | None = Field(description="Why it is not taken apart; null where it is.")
    dimensions: list[DriverDimensionOut] = Field(
        description="Every dimension that you may see; first those where the most of the change is mix."
    )
    people_hidden: bool = Field(description="Whether single employees are left out.")

    @classmethod
    def of(cls, read: ReadDrivers) -> Self:
        """As it is answered."""
        split = read.split if isinstance(read.split, Split) else None
        no_split = None if isinstance(read.split, Split) else read.split
        compared = read.comparison
        return cls(
            measurement=read.query.measurement,
            time_zone=read.tenant.time_zone,
            finding=finding_of(read),
            now=ComparedSideOut.of(compared.asked, read.today),
            before=ComparedSideOut.of(compared.against, read.today),
            change=_change_of(read),
            dimension=read.dimension or None,
            mix=EffectOut.of(split.mix) if split else None,
            rate=EffectOut.of(split.rate) if split else None,
            parts=_parts_of(split) if split else [],
            merged=split.merged if split else 0,
            stands_out=_standing_out(split) if split else None,
            reason_code=no_split,
            reason=no_split_words(no_split) if no_split else None,
            dimensions=[DriverDimensionOut.of(each) for each in read.dimensions],
            people_hidden=read.people_hidden,
        )


def _parts_of(split: Split) -> list[DriverPartOut]:
    others = [DriverPartOut.of(split.others, "others")] if split.others is not None else []
    return [*(DriverPartOut.of(part, "segment") for part in split.parts), *others]


def _standing_out(split: Split) -> str | None:
    part = part_standing_out(split)
    return part.groups.segment if part is not None else None


def _change_of(read: ReadDrivers) -> ChangeOut | None:
    test, points = difference_of(read.comparison.change), read.change
    if test is None or points is None:
        return None
    return ChangeOut(
        points=points.tenths / 10,
        exact=float(points.exact),
        test=test,
    )
