"""What an address asks to be followed over time."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query

from services.scorer.comparisons.addresses import fault_of, read_day, read_length
from services.scorer.comparisons.periods import (
    MAX_PERIODS,
    USUAL_DAYS,
    PeriodUnit,
    TooManyPeriods,
    periods_of,
)
from services.scorer.parameters import read_segment
from services.scorer.windows import Window
from shared.events.surveys import NpsMeasurement
from shared.values.messages import message


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendQuery:
    """A segment whose score is followed over time."""

    segment: str
    measurement: NpsMeasurement
    by: PeriodUnit
    asked: Window
    rolling_days: int | None

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters by which an address asks for the same."""
        given = {"segment": self.segment, "measurement": self.measurement, "by": self.by}
        given |= {"from": self.asked.first.isoformat(), "to": self.asked.last.isoformat()}
        given["rolling"] = f"{self.rolling_days}d" if self.rolling_days else ""
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendParameters:
    """The parameters of a trend as they are written; an empty one is none."""

    segment: str
    measurement: NpsMeasurement
    by: PeriodUnit
    first: str
    last: str
    rolling: str


def trend_parameters(
    segment: Annotated[
        str, Query(description="dimension:value, such as organisation:north/sales; none: the company.")
    ] = "",
    measurement: Annotated[
        NpsMeasurement,
        Query(description="Asked after a contact (transactional), or at any time (relational)."),
    ] = "transactional",
    by: Annotated[PeriodUnit, Query(description="What a period is; weeks begin on Monday.")] = "week",
    from_: Annotated[
        str, Query(alias="from", description="The first day; left out: a month, half a year or a year ago.")
    ] = "",
    to: Annotated[str, Query(description="The last day, included; today in the company's zone.")] = "",
    rolling: Annotated[
        str, Query(description="A number of days, 1d to 3650d, of the window that ends with each period.")
    ] = "",
) -> TrendParameters:
    """What the query of a trend says."""
    return TrendParameters(
        segment=segment, measurement=measurement, by=by, first=from_, last=to, rolling=rolling
    )


def read_trend_query(given: TrendParameters, today: date) -> TrendQuery:
    """What the parameters ask for.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    segment = read_segment(given.segment)
    last = read_day(given.last, today, "to") if given.last else today
    first = read_day(given.first, today, "from") if given.first else None
    asked = Window(first, last) if first is not None else Window.ending(last, USUAL_DAYS[given.by])
    if asked.first > asked.last:
        raise fault_of("from", message("The first day comes after the last one. Exchange them."))
    try:
        periods_of(asked, given.by, today)
    except TooManyPeriods:
        detail = message(
            "A trend has at most %(most)s periods. Choose longer ones, or fewer.", most=MAX_PERIODS
        )
        raise fault_of("from", detail) from None
    rolling_days = read_length(given.rolling, "rolling") if given.rolling else None
    return TrendQuery(
        segment=segment, measurement=given.measurement, by=given.by, asked=asked, rolling_days=rolling_days
    )
