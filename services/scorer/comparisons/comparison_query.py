"""What an address asks to be compared."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query

from services.scorer.comparisons.addresses import fault_of, read_days
from services.scorer.comparisons.domain import (
    MAX_SEGMENTS_COMPARED,
    NotComparable,
    check_segments,
    check_windows,
)
from services.scorer.parameters import read_asked_window, read_segment
from services.scorer.windows import Window
from shared.events import WHOLE_COMPANY
from shared.events.surveys import NpsMeasurement
from shared.http.problems import Problem
from shared.values.messages import message

MAX_DIMENSION_CHARS = 200

MeasurementParameter = Annotated[
    NpsMeasurement,
    Query(description="Asked after a contact (transactional), or at any time (relational)."),
]
WindowParameter = Annotated[
    str, Query(description="A number of days, 1d to 3650d, against as many before them; 30d.")
]
UntilParameter = Annotated[str, Query(description="The last day of `window`; today in the company's zone.")]
FirstDayParameter = Annotated[
    str, Query(alias="from", description="Instead of `window`: the first day, by the company's clock.")
]
LastDayParameter = Annotated[str, Query(description="The last day, included.")]
FirstDayBeforeParameter = Annotated[
    str, Query(description="The first day to compare with; left out: as many days right before.")
]
LastDayBeforeParameter = Annotated[str, Query(description="The last day to compare with, included.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonParameters:
    """The parameters of a comparison as they are written; an empty one is none."""

    segments: tuple[str, ...]
    other: str
    dimension: str
    measurement: NpsMeasurement
    window: str
    until: str
    first: str
    last: str
    first_before: str
    last_before: str


def comparison_parameters(
    segment: Annotated[
        list[str] | None,
        Query(
            max_length=MAX_SEGMENTS_COMPARED,
            description="dimension:value, such as organisation:north/sales; none: the company. Repeat it to "
            f"compare up to {MAX_SEGMENTS_COMPARED} of them at once.",
        ),
    ] = None,
    with_: Annotated[
        str, Query(alias="with", description="Another segment, to be compared in the same window.")
    ] = "",
    dimension: Annotated[
        str, Query(max_length=MAX_DIMENSION_CHARS, description="Compare each value of this dimension.")
    ] = "",
    measurement: MeasurementParameter = "transactional",
    window: WindowParameter = "",
    until: UntilParameter = "",
    from_: FirstDayParameter = "",
    to: LastDayParameter = "",
    before_from: FirstDayBeforeParameter = "",
    before_to: LastDayBeforeParameter = "",
) -> ComparisonParameters:
    """What the query of a comparison says."""
    return ComparisonParameters(
        segments=tuple(segment or ()),
        other=with_,
        dimension=dimension,
        measurement=measurement,
        window=window,
        until=until,
        first=from_,
        last=to,
        first_before=before_from,
        last_before=before_to,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonQuery:
    """What is compared: segments in two windows, or two segments in one."""

    segments: tuple[str, ...]
    """None where each value of a dimension is compared."""
    other: str
    """The second of two segments; empty: two windows are compared."""
    dimension: str
    measurement: NpsMeasurement
    asked: Window
    against: Window
    """The same window where two segments are compared."""

    @property
    def has_several(self) -> bool:
        """Whether several differences are asked for."""
        return bool(self.dimension) or len(self.segments) > 1

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters by which an address asks for the same."""
        if self.dimension:
            about: dict[str, object] = {"dimension": self.dimension}
        else:
            about = {"segment": [segment for segment in self.segments if segment or self.has_several]}
        if self.other:
            about["with"] = self.other
        about |= {"measurement": self.measurement, "from": self.asked.first, "to": self.asked.last}
        if not self.other:
            about |= {"before_from": self.against.first, "before_to": self.against.last}
        return about

    def check(self) -> None:
        """Refuse what cannot differ.

        :raises NotComparable: with the reason.
        """
        if self.other:
            check_segments(self.segments[0], self.other)
        else:
            check_windows(self.asked, self.against)


def read_comparison_query(
    given: ComparisonParameters, today: date, *, from_form: bool = False
) -> ComparisonQuery:
    """What the parameters ask for. Whether it may be compared is another question.

    :param from_form: a form sends all of its fields: a dimension goes before segments, a second segment
        before the days of a second window.
    :raises Problem: 422, naming the parameter and its remedy.
    """
    segments = tuple(dict.fromkeys(map(read_segment, given.segments))) or (WHOLE_COMPANY,)
    other = read_segment(given.other)
    has_days_before = bool(given.first_before or given.last_before)
    if from_form:
        segments = segments if not given.dimension else (WHOLE_COMPANY,)
        other = other if not given.dimension and len(segments) == 1 else ""
        has_days_before = has_days_before and not other
    elif given.dimension and (given.segments or other):
        raise fault_of("dimension", message("Name either a dimension or segments."))
    elif other and len(segments) > 1:
        raise fault_of(
            "with", message("Two segments are compared at a time. Name one segment beside “with”.")
        )
    elif other and has_days_before:
        raise fault_of(
            "before_from", message("Two segments are compared in one window. Leave these days out.")
        )
    asked = read_asked_window(given.window, given.until, given.first, given.last, today)
    if other:
        against = asked
    elif has_days_before:
        against = read_days(given.first_before, given.last_before, today, ("before_from", "before_to"))
        if against.first > asked.last:
            raise fault_of("before_from", message("These days come after the others. Exchange them."))
    else:
        against = asked.before()
    return ComparisonQuery(
        segments=() if given.dimension else segments,
        other=other,
        dimension=given.dimension,
        measurement=given.measurement,
        asked=asked,
        against=against,
    )


def refusal_of(refused: NotComparable) -> Problem:
    """How a program is refused what cannot differ."""
    return fault_of(refused.field, refused.reason)
