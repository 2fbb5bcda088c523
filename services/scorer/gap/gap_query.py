"""What an address asks for of the two questions."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query

from services.scorer.access import MAX_SEGMENT_LENGTH
from services.scorer.comparisons.comparison_query import (
    MAX_DIMENSION_CHARS,
    ComparisonParameters,
    read_comparison_query,
)
from services.scorer.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class GapParameters:
    """The parameters as they are written; an empty one is none."""

    segment: str
    dimension: str
    window: str
    until: str
    first: str
    last: str


def gap_parameters(
    segment: Annotated[
        str, Query(max_length=MAX_SEGMENT_LENGTH, description="dimension:value; none: the company.")
    ] = "",
    dimension: Annotated[
        str,
        Query(
            max_length=MAX_DIMENSION_CHARS,
            description="Its values are told, too; left out: the organisation, or else the first dimension "
            "with answers.",
        ),
    ] = "",
    window: Annotated[str, Query(description="A number of days, 1d to 3650d; 30d.")] = "",
    until: Annotated[str, Query(description="The last day of `window`; today in the company's zone.")] = "",
    from_: Annotated[
        str, Query(alias="from", description="Instead of `window`: the first day, by the company's clock.")
    ] = "",
    to: Annotated[str, Query(description="The last day, included.")] = "",
) -> GapParameters:
    """What the query says."""
    return GapParameters(
        segment=segment, dimension=dimension, window=window, until=until, first=from_, last=to
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GapQuery:
    """A segment in a window, and the dimension whose values are told."""

    segment: str
    """Empty: the company."""
    dimension: str
    """Empty: the usual one."""
    window: Window

    def parameters(self, dimension: str) -> dict[str, object]:
        """The parameters by which an address asks for the same, by a dimension (empty: any)."""
        own = {"segment": self.segment, "dimension": dimension}
        days = {"from": self.window.first, "to": self.window.last}
        return {**{name: value for name, value in own.items() if value}, **days}


def read_gap_query(given: GapParameters, today: date) -> GapQuery:
    """What the parameters ask for.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    days = ComparisonParameters(
        segments=(given.segment,),
        other="",
        dimension="",
        measurement="transactional",
        window=given.window,
        until=given.until,
        first=given.first,
        last=given.last,
        first_before="",
        last_before="",
    )
    query = read_comparison_query(days, today)
    return GapQuery(segment=query.segments[0], dimension=given.dimension, window=query.asked)
