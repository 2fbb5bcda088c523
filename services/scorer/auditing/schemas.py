"""Audits as the API answers them."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from services.scorer.auditing.domain import AuditResult, AuditState


class AuditOut(BaseModel):
    """One recount of a company's answers."""

    at: datetime = Field(description="When it ended.")
    equal: bool = Field(description="Whether nothing differed.")
    counts: int = Field(
        description="Counts that are kept, each recounted from the rows: of answers by day and week, of who "
        "was asked, and of themes, in each segment."
    )
    counts_differing: int
    totals: int = Field(
        description="Totals of the collector (of a day; of anonymous answers those of all days) that were "
        "compared with the answers that are counted, or wait to be."
    )
    totals_differing: int
    totals_waiting: int = Field(description="Totals that were not compared: answers are on their way.")

    @classmethod
    def of(cls, result: AuditResult) -> Self:
        """As it is answered."""
        return cls(
            at=result.at,
            equal=result.is_equal,
            counts=result.counts,
            counts_differing=result.counts_differing,
            totals=result.totals,
            totals_differing=result.totals_differing,
            totals_waiting=result.totals_waiting,
        )


class AuditsOut(BaseModel):
    """The latest recounts, the newest first."""

    audits: list[AuditOut]
    differs_since: datetime | None = Field(
        description="The first recount since the last one in which all was equal. Null: all is equal."
    )

    @classmethod
    def of(cls, state: AuditState | None, results: list[AuditResult]) -> Self:
        """As they are answered."""
        return cls(
            audits=[AuditOut.of(each) for each in results],
            differs_since=state.differs_since if state else None,
        )
