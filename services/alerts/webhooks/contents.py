"""What each type of message holds: the thing's whole state, and of its customer the company's own id alone.

No message has an address, a name or a number: whoever may read these looks at the case, which is logged.
"""

from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from services.alerts.webhooks.domain import TEST, MessageType
from shared.events import Answer, Case, Decision, DecisionOutcome, Reply, Score, segments_of
from shared.events.envelope import Data
from shared.events.segments import WHOLE_COMPANY, chain_of
from shared.ids import derived
from shared.privacy.persons import NOBODY

ShownState = Literal["saved", "sent", "held"]
"""saved: the customer may still be writing; held: a machine may have given the answer; it counts nowhere."""


class AnswerContent(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it is now. The one with the highest ``version`` holds."""

    id: UUID
    version: int
    state: ShownState
    origin: str
    test: bool
    erased: bool
    score: int | None
    comment: str | None
    follow_up_question: str | None
    follow_up: str | None
    replies: tuple[Reply, ...]
    may_contact: bool | None
    customer_id: str | None
    event_id: UUID | None
    survey_id: UUID | None
    survey_version: int | None
    measurement: str
    touchpoint: str | None
    segments: dict[str, str]
    organisation: tuple[str, ...]
    language: str | None
    channel: str | None
    day: date | None
    answered_at: datetime | None
    changed_at: datetime


class CaseContent(msgspec.Struct, frozen=True, kw_only=True):
    """A case as it is now, without what colleagues wrote. The one with the highest ``version`` holds."""

    id: UUID
    number: int
    version: int
    state: str
    stage: str | None
    """How far the work is: ``open`` to ``closed``, as ``GET /v1/cases`` has it."""
    priority: str | None
    team_id: UUID | None
    answer_id: UUID
    event_id: UUID | None
    customer_id: str | None
    anonymous: bool
    erased: bool
    score: int
    touchpoint: str | None
    segments: dict[str, str]
    organisation: tuple[str, ...]
    may_contact: bool | None
    owner: str | None
    cause: str | None
    outcome: str | None
    told: bool | None
    """Whether the customer has been told how it ended."""
    opened_at: datetime
    due_at: datetime
    waits_until: datetime | None
    """Until when its deadlines stand still, since it waits for the customer."""
    first_contact_at: datetime | None
    closed_at: datetime | None


class ScoreContent(msgspec.Struct, frozen=True, kw_only=True):
    """The rolling score of a segment. The one with the highest ``version`` holds."""

    segment: str
    """``dimension:value``, or empty for the whole company."""
    measurement: str
    version: int
    window_days: int
    until: date
    n: int
    nps: float | None
    low: float | None
    high: float | None
    level: float
    computed_at: datetime


class DecisionContent(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about an event, told once. The one with the highest ``version`` holds.

    What becomes of the mail later (it is postponed, gives way to another one, is refused) is not told here.
    Decisions are told from some seconds after a webhook asks for them, when the dispatcher has heard of it:
    those made before, and while no webhook of the company asked, are told to nobody. `GET /v1/decisions` has
    all of them.
    """

    event_id: UUID
    """As the messages about its answer and its case have it."""
    version: int
    """Higher only where the event was decided anew, after a restore from a backup."""
    source: str
    source_id: str | None
    """The back-end's own id of the event; null: its customer was erased."""
    event_type: str
    occurred_at: datetime
    decided_at: datetime
    outcome: DecisionOutcome
    reason: str
    """``invited``, or the rule by which nobody is asked, as ``GET /v1/decisions`` has it."""
    survey_id: UUID | None
    survey_version: int | None
    invitation_id: UUID | None
    channel: str | None
    due_at: datetime | None
    """When the mail or text is to leave."""
    test: bool
    """Whether it is for a test address, or the company is in test mode: its answer never counts."""
    erased: bool
    customer_id: str | None
    touchpoint: str | None
    segments: dict[str, str]
    organisation: tuple[str, ...]


class ErasureContent(msgspec.Struct, frozen=True, kw_only=True):
    """All services have erased a customer. Erase what you got of them, too."""

    erasure_id: UUID | None
    """As ``/v1/erasures`` has it; null where an older version took the request."""
    services: tuple[str, ...]
    done_at: datetime


class TestContent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody tries the endpoint."""

    webhook_id: UUID


class Content(NamedTuple):
    """A message before it is known who wants it."""

    tenant: str
    type: str
    about: str
    version: str
    data: msgspec.Struct
    at: datetime
    segments: tuple[str, ...] | None = ()
    """To which it belongs; None: a webhook's segments do not matter."""
    person: str | None = NOBODY
    contact: str | None = None
    follows: bool = False
    """Whether it is told only where something was told about the same thing before."""

    @property
    def message_id(self) -> str:
        """The same for every try and every endpoint."""
        return f"msg_{derived('webhook', self.tenant, self.type, self.about, self.version).hex}"

    def body(self) -> bytes:
        """As it is signed and sent."""
        return _encoder.encode({"type": self.type, "timestamp": self.at, "data": self.data})


def answer_content(tenant: str, answer: Answer) -> Content | None:
    """The message about an answer; None: of an anonymous one.

    An answer that is held after it was told is told once more, without what stands in it; a link that was
    only followed never was.
    """
    if answer.anonymous:
        return None
    state: ShownState = "held" if answer.state == "clicked" or answer.score is None else answer.state
    return Content(
        tenant,
        "answer.changed",
        str(answer.id),
        str(answer.version),
        _copied(AnswerContent, answer, state=state),
        answer.changed_at,
        tuple(segments_of(answer)),
        answer.person,
        answer.contact_key,
        follows=state == "held",
    )


def case_content(tenant: str, case: Case, at: datetime) -> Content:
    """The message about a case."""
    return Content(
        tenant,
        "case.changed",
        str(case.id),
        str(case.version),
        _copied(CaseContent, case),
        at,
        case.belongs or tuple(segments_of(case)),
        case.person if case.person is not None or case.customer_id is not None else NOBODY,
        case.contact_key,
    )


def score_content(tenant: str, score: Score) -> Content:
    """The message about a score; a webhook for a level of an organisation is told those below it, too."""
    segments = tuple(chain_of(score.segment)) if score.segment else (WHOLE_COMPANY,)
    about = f"{score.measurement}/{score.segment}"
    data = _copied(ScoreContent, score)
    return Content(tenant, "score.changed", about, str(score.version), data, score.computed_at, segments)


def decision_content(tenant: str, decision: Decision) -> Content:
    """The message about a decision."""
    return Content(
        tenant,
        "decision.made",
        str(decision.event_id),
        str(decision.version),
        _copied(DecisionContent, decision),
        decision.decided_at,
        tuple(segments_of(decision)),
        decision.person,
        decision.contact_key,
    )


def erasure_content(
    tenant: str, target: str, erasure_id: UUID | None, services: tuple[str, ...], done_at: datetime
) -> Content:
    """The message that a customer is erased; it names the request, and nobody."""
    data = ErasureContent(erasure_id=erasure_id, services=services, done_at=done_at)
    return Content(tenant, "erasure.done", target, done_at.isoformat(), data, done_at, None)


def test_content(tenant: str, webhook_id: UUID, about: UUID, at: datetime) -> Content:
    """A message that tries an endpoint."""
    return Content(tenant, TEST, str(about), "1", TestContent(webhook_id=webhook_id), at, None)


CONTENTS: dict[MessageType, type[msgspec.Struct]] = {
    "answer.changed": AnswerContent,
    "case.changed": CaseContent,
    "score.changed": ScoreContent,
    "decision.made": DecisionContent,
    "erasure.done": ErasureContent,
}


def _copied(kind: type[Any], source: Data, **given: Any) -> Any:
    names = [name for name in kind.__struct_fields__ if name not in given]
    return kind(**{name: getattr(source, name) for name in names}, **given)


_encoder = msgspec.json.Encoder()
