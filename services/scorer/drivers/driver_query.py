"""What an address asks to be taken apart."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query

from services.scorer.access import MAX_SEGMENT_LENGTH
from services.scorer.comparisons.comparison_query import (
    MAX_DIMENSION_CHARS,
    ComparisonParameters,
    ComparisonQuery,
    FirstDayBeforeParameter,
    FirstDayParameter,
    LastDayBeforeParameter,
    LastDayParameter,
    MeasurementParameter,
    UntilParameter,
    WindowParameter,
    read_comparison_query,
)
from services.scorer.windows import Window
from shared.events.surveys import NpsMeasurement


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverParameters:
    """The parameters as they are written; an empty one is none."""

    segment: str
    dimension: str
    days: ComparisonParameters
    """The measurement and the days, as comparisons have them."""


def driver_parameters(
    segment: Annotated[
        str, Query(max_length=MAX_SEGMENT_LENGTH, description="dimension:value; none: the company.")
    ] = "",
    dimension: Annotated[
        str,
        Query(
            max_length=MAX_DIMENSION_CHARS,
            description="By what the change is taken apart; left out: the touchpoint, or else the first "
            "dimension with answers.",
        ),
    ] = "",
    measurement: MeasurementParameter = "transactional",
    window: WindowParameter = "",
    until: UntilParameter = "",
    from_: FirstDayParameter = "",
    to: LastDayParameter = "",
    before_from: FirstDayBeforeParameter = "",
    before_to: LastDayBeforeParameter = "",
) -> DriverParameters:
    """What the query says."""
    days = ComparisonParameters(
        segments=(segment,),
        other="",
        dimension="",
        measurement=measurement,
        window=window,
        until=until,
        first=from_,
        last=to,
        first_before=before_from,
        last_before=before_to,
    )
    return DriverParameters(segment=segment, dimension=dimension, days=days)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverQuery:
    """The change of a segment's score between two windows that share no day."""

    comparison: ComparisonQuery
    """Of the one segment in its two windows."""
    dimension: str
    """Empty: the usual one."""

    @property
    def segment(self) -> str:
        """Empty: the company."""
        return self.comparison.segments[0]

    @property
    def measurement(self) -> NpsMeasurement:
        return self.comparison.measurement

    @property
    def now(self) -> Window:
        return self.comparison.asked

    @property
    def before(self) -> Window:
        return self.comparison.against

    def parameters(self, dimension: str) -> dict[str, object]:
        """The parameters by which an address asks for the same, taken apart by a dimension (empty: any)."""
        own = {"dimension": dimension} if dimension else {}
        return {**self.comparison.parameters, **own}


def read_driver_query(given: DriverParameters, today: date) -> DriverQuery:
    """What the parameters ask for.

    :raises Problem: 422, naming the parameter and its remedy.
    :raises NotComparable: where the two windows share days.
    """
    comparison = read_comparison_query(given.days, today)
    comparison.check()
    return DriverQuery(comparison=comparison, dimension=given.dimension)
