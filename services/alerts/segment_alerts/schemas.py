"""What programs send and get: alerts on segments."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.alerts.segment_alerts.domain import MAX_NOTE_CHARS, SegmentAlert


class SegmentAlertOut(BaseModel):
    """An alert: the score of a segment has fallen, by more than chance."""

    id: UUID
    segment: str = Field(description="`dimension:value`; empty: the whole company.")
    measurement: str
    state: str = Field(description="`open`, `acknowledged` or `closed`.")
    first: date = Field(description="The first of the days whose score is the lower one.")
    found: date = Field(description="The last day that was counted when it was found.")
    until: date = Field(description="The last day that is counted in `n` and `nps`.")
    n_before: int = Field(description="Answers in the 90 days before.")
    nps_before: float
    n: int = Field(description="Answers since the fall, of the newest 30 days.")
    nps: float
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_at: datetime | None
    closed_by: str | None = Field(description="Null: it closed by itself.")
    ended: str | None = Field(
        description="Why it is closed: `back`, the score is as before; `settled`, it has been lower for four "
        "months, which is the usual level now; `person`, somebody closed it."
    )
    note: str | None
    see: str

    @classmethod
    def of(cls, alert: SegmentAlert, staff_url: str) -> "SegmentAlertOut":
        """The answer about an alert."""
        fields = {name: getattr(alert, name) for name in cls.model_fields if name != "see"}
        return cls(**fields, see=f"{staff_url}/segment-alerts/{alert.id}")


class SegmentAlertList(BaseModel):
    """A page of alerts, the newest first."""

    alerts: list[SegmentAlertOut]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")


class SegmentAlertClosing(BaseModel):
    """The end of an alert."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)

    note: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_NOTE_CHARS,
            description="What was behind it. It names no customer: it stays when a customer is erased.",
        ),
    ]
