"""The figures as the API answers them."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.scorer.responses.domain import AskedShare, ResponseCounts, Silence, SilenceReason
from services.scorer.responses.reading import ResponsesRead
from services.scorer.schemas import WindowBody
from shared.events.surveys import NpsMeasurement

_OF_FEW = "Null where fewer than ten were asked."


class AskedShareOut(BaseModel):
    """A share of those who were asked, in per cent, with its 95 % interval (Wilson's)."""

    percent: float
    low: float
    high: float

    @classmethod
    def of(cls, share: AskedShare | None) -> Self | None:
        """As it is answered."""
        return None if share is None else cls(percent=share.percent, low=share.low, high=share.high)


class ResponseCountsOut(BaseModel):
    """Of the same invitations: how many were sent, and what became of them."""

    asked: int = Field(description="Whose mail or text has left.")
    delivered: int = Field(
        description="As far as is known: mails that did not come back, texts not reported as undeliverable."
    )
    opened: int = Field(description="Whose link was followed; those who answered are among them.")
    answered: int
    delivered_share: AskedShareOut | None = Field(description=_OF_FEW)
    opened_share: AskedShareOut | None = Field(description=_OF_FEW)
    answered_share: AskedShareOut | None = Field(description=_OF_FEW)

    @classmethod
    def of(cls, counts: ResponseCounts) -> "ResponseCountsOut":
        """As it is answered."""
        return ResponseCountsOut(**counts_of(counts))


class ResponsePartOut(ResponseCountsOut):
    """The same of a part of those who were asked."""

    key: str = Field(
        description="A segment; `mail`, `sms` or empty (not known); an hour from 0 to 23; a day of the week "
        "from 1 (Monday) to 7."
    )


class SilenceOut(BaseModel):
    """Where the score could stand if all had answered. It corrects nothing: nobody knows what they think."""

    score: float | None = Field(description="Of those who answered.")
    unhappiest: float | None = Field(description="The score of the unhappiest tenth of the parts or days.")
    low: float | None = Field(
        description="The lower end of the range: for who did not answer, were like the unhappiest tenth."
    )
    high: float | None = Field(description="The upper end: were like those who answered.")
    units: Literal["segment", "day"] = Field(description="What the tenth is taken of.")
    unit_count: int | None = Field(description="Of how many; only those with ten answers.")
    reason: SilenceReason | None = Field(
        description="Why there is no range: fewer than ten answered, or fewer than two parts and days have "
        "ten answers. Null where there is one."
    )


class ResponsesOut(BaseModel):
    """Who of those that were asked in a window answered."""

    segment: str | None = Field(description="dimension:value; null for the whole company.")
    measurement: NpsMeasurement
    window: WindowBody = Field(description="The days on which they were asked.")
    is_over: bool = Field(
        description="Whether the figures are final: the last day is over, and every link has ended."
    )
    open_until: datetime | None = Field(description="When the last of their links ends.")
    total: ResponseCountsOut
    by: str = Field(description="The dimension of `segments`.")
    segments: list[ResponsePartOut] = Field(description="The lowest share first.")
    left_off: int = Field(description="Further segments, which are not listed.")
    channels: list[ResponsePartOut]
    hours: list[ResponsePartOut] = Field(description="By the hour at which they were asked.")
    weekdays: list[ResponsePartOut]
    silence: SilenceOut

    @classmethod
    def of(cls, read: ResponsesRead) -> Self:
        """As they are answered."""
        window = read.window
        return cls(
            segment=read.asked.segment or None,
            measurement=read.asked.measurement,
            window=WindowBody(
                days=window.days, from_=window.first, until=window.last, time_zone=read.tenant.time_zone
            ),
            is_over=read.is_over,
            open_until=read.total.open_until,
            total=ResponseCountsOut.of(read.total),
            by=read.asked.by,
            segments=[part_out(key, counts) for key, counts in read.by_segment.items()],
            left_off=read.left_off,
            channels=[part_out(key, counts) for key, counts in read.by_channel.items()],
            hours=[part_out(str(key), counts) for key, counts in read.by_hour.items()],
            weekdays=[part_out(str(key), counts) for key, counts in read.by_weekday.items()],
            silence=_silence(read),
        )


def counts_of(counts: ResponseCounts) -> dict[str, object]:
    """The fields of :class:`ResponseCountsOut`."""
    numbers = {name: getattr(counts, name) for name in ("asked", "delivered", "opened", "answered")}
    shares = {
        f"{name}_share": AskedShareOut.of(counts.share(numbers[name]))
        for name in ("delivered", "opened", "answered")
    }
    return {**numbers, **shares}


def part_out(key: str, counts: ResponseCounts) -> ResponsePartOut:
    """A part as it is answered."""
    return ResponsePartOut(key=key, **counts_of(counts))


def _silence(read: ResponsesRead) -> SilenceOut:
    silence = read.silence
    if not isinstance(silence, Silence):
        return SilenceOut(
            score=None,
            unhappiest=None,
            low=None,
            high=None,
            units=read.silence_units,
            unit_count=None,
            reason=silence,
        )
    return SilenceOut(
        score=silence.score,
        unhappiest=silence.unhappiest,
        low=silence.low,
        high=silence.high,
        units=read.silence_units,
        unit_count=silence.units,
        reason=None,
    )
