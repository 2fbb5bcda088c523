"""``decisions``: what was decided about each event, of companies that have it told to a webhook."""

from typing import Literal
from uuid import UUID

from shared.events.envelope import Data, Instant, Name, Text, Topic

DecisionOutcome = Literal["invited", "skipped"]
"""Whether the customer is asked."""


class Decision(Data, frozen=True, kw_only=True):
    """The decision about an event, as it fell. What becomes of its mail later changes nothing in it.

    Published only while a webhook of the company asks for it.
    """

    event_id: UUID
    version: int
    """Higher only where the event was decided anew, after a restore that knew no decision about it."""
    source: Name
    source_id: Text | None
    """The back-end's own id of the event; None: its customer was erased."""
    event_type: Name
    occurred_at: Instant
    decided_at: Instant
    outcome: DecisionOutcome
    reason: Name
    """``invited``, or the rule by which nobody is asked."""
    survey_id: UUID | None = None
    """The survey that asks; None: none does."""
    survey_version: int | None = None
    invitation_id: UUID | None = None
    """Also the id of the answer, but not of an anonymous one."""
    channel: Text | None = None
    """By which the customer is asked."""
    due_at: Instant | None = None
    """When the mail or text is to leave."""
    test: bool = False
    """Whether the invitation is for a test address or of a company in test mode: its answer never counts."""
    customer_id: Text | None = None
    contact_key: Text | None = None
    """The keyed hash of the customer's address."""
    person: Text | None = None
    """The pseudonym of the customer."""
    erased: bool = False
    """Whether everything personal was erased from it, at the customer's request."""
    touchpoint: Text | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()


DECISIONS = Topic(
    name="decisions.v1",
    event_type="afterword.decision.made",
    data=Decision,
    source="/afterword/dispatcher",
    identity=lambda decision: str(decision.event_id),
    version=lambda decision: decision.version,
    erasable=True,
)
