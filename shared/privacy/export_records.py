"""What an export holds: one type of record for each kind of thing that services keep of a customer."""

from datetime import date
from typing import Any, Literal, TypeVar, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, Raw, UnsetType

from shared.events import Answer, Invitation, Objection, Reply
from shared.events.envelope import Instant
from shared.events.transactions import Basis

ExportKind = Literal[
    "known",
    "profile",
    "event",
    "invitation",
    "delivery",
    "asked",
    "suppression",
    "suppression_lift",
    "preference",
    "visit",
    "answer",
    "took_part",
    "counted_answer",
    "case",
    "introduction",
    "file_row",
    "webhook",
    "access",
]
EXPORT_KINDS: tuple[ExportKind, ...] = get_args(ExportKind)
"""In the order in which a customer reads them."""
ExportOrigin = Literal["company", "customer", "import", "staff", "afterword"]
"""From whom it comes: the company's systems; the customer; answers that the company imported; what colleagues
did; what arose while Afterword worked."""
ExportPurpose = Literal[
    "find",
    "ask",
    "respect_no",
    "tell_machines",
    "listen",
    "answer_once",
    "count",
    "follow_up",
    "take",
    "account",
]
KeptKind = Literal[
    "contacts", "comments", "cases", "decisions", "visits", "deliveries", "audit", "files", "always"
]
"""By which of the company's rules it is kept; ``files``: by a setting of the installation; ``always``: for as
long as the customer is not asked."""
BY_COMPANY: tuple[KeptKind, ...] = tuple(
    kind for kind in get_args(KeptKind) if kind not in ("files", "always")
)
PURPOSES: dict[ExportKind, ExportPurpose] = {
    "known": "find",
    "profile": "ask",
    "event": "ask",
    "invitation": "ask",
    "delivery": "ask",
    "asked": "ask",
    "suppression": "respect_no",
    "suppression_lift": "respect_no",
    "preference": "respect_no",
    "visit": "tell_machines",
    "answer": "listen",
    "took_part": "answer_once",
    "counted_answer": "count",
    "case": "follow_up",
    "introduction": "follow_up",
    "file_row": "take",
    "webhook": "follow_up",
    "access": "account",
}
KEPT: dict[ExportKind, KeptKind] = {
    "known": "contacts",
    "profile": "contacts",
    "event": "decisions",
    "invitation": "contacts",
    "delivery": "deliveries",
    "asked": "contacts",
    "suppression": "always",
    "suppression_lift": "always",
    "preference": "always",
    "visit": "visits",
    "answer": "comments",
    "took_part": "contacts",
    "counted_answer": "comments",
    "case": "cases",
    "introduction": "cases",
    "file_row": "files",
    "webhook": "deliveries",
    "access": "audit",
}


class ExportRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One thing that is kept. ``at``: when it arose; None: not known."""

    at: Instant | None
    obtained_from: ExportOrigin


class KnownRecord(ExportRecord, frozen=True, kw_only=True, tag="known"):
    """One way in which the customer came: the id, with the keyed hashes of address and number.

    ``at``: when the customer last came so, give or take a month.
    """

    customer_id: str
    address_hash: str | None = None
    phone_hash: str | None = None


class ProfileRecord(ExportRecord, frozen=True, kw_only=True, tag="profile"):
    """What the company said of the customer, by which they may be asked outside of an event.

    ``at``: when it was said last, give or take a day.
    """

    customer_id: str
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    country: str | None = None
    segments: dict[str, str] = {}
    bases: tuple[Basis, ...] = ()
    """Why the company may ask, by its own account: the newest of each kind."""


class EventRecord(ExportRecord, frozen=True, kw_only=True, tag="event"):
    """A purchase or a contact, and whether the customer was asked about it."""

    id: UUID
    event: str
    """The id that the company's own system gave it."""
    system: str
    event_type: str
    occurred_at: Instant
    customer_id: str
    locale: str | None = None
    time_zone: str | None = None
    country: str | None = None
    basis: Basis | None = None
    account: str | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    attributes: Raw | UnsetType = UNSET
    delay_minutes: int | None = None
    decision: str
    """``invited``, or why the customer was not asked; ``came_again``: it had been sent with other content."""
    survey: str | None = None


class InvitationRecord(ExportRecord, frozen=True, kw_only=True, tag="invitation"):
    """The question to the customer. A copy that another service keeps may hold less."""

    id: UUID
    customer_id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    country: str | None = None
    basis: Basis | None = None
    account: str | None = None
    survey: str | None = None
    language: str
    test: bool
    mail: str
    """What became of the mail."""
    reason: str | None = None
    drawn_percent: int | None = None
    """Of how many percent of the customers this one is, where a survey asks only some."""
    beyond_draw: bool = False
    """Asked although not one of them, since the last answer was 0 to 6."""
    event_type: str
    occurred_at: Instant | None = None
    touchpoint: str | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    attributes: Raw | UnsetType = UNSET
    due_at: Instant | None = None
    sent_at: Instant | None = None
    expires_at: Instant


class DeliveryRecord(ExportRecord, frozen=True, kw_only=True, tag="delivery"):
    """What became of one message to the customer."""

    invitation: UUID
    about: Literal["question", "case"] = "question"
    """``case``: it is a mail about what the customer had answered."""
    mail_id: UUID | None = None
    """Of such a mail: its own id."""
    n: int
    channel: str
    mail: str
    reason: str | None = None
    attempts: int


class AskedRecord(ExportRecord, frozen=True, kw_only=True, tag="asked"):
    """When the customer was asked, by an id or by the keyed hash of an address.

    Last by whatever survey; or by one, about a touchpoint.
    """

    id: str
    address_hash: str | None = None
    invited_at: Instant | None = None
    invited_before: Instant | None = None
    asked_elsewhere_at: Instant | None = None
    measurement: str | None = None
    touchpoint: str | None = None
    survey: str | None = None


class SuppressionRecord(ExportRecord, frozen=True, kw_only=True, tag="suppression"):
    """The customer is not asked any more."""

    by: str
    """``address`` (its keyed hash is kept) or ``customer`` (the id)."""
    id: str
    reason: str


class SuppressionLiftRecord(ExportRecord, frozen=True, kw_only=True, tag="suppression_lift"):
    """The customer may be asked again."""

    by: str
    id: str
    was: str


class PreferenceRecord(ExportRecord, frozen=True, kw_only=True, tag="preference"):
    """What the customer has chosen about further questions: one of the three."""

    by: str
    id: str
    paused_until: Instant | None = None
    months: int | None = None
    """At most one question in so many months."""
    channel: str | None = None
    """By which there are to be none."""


class VisitRecord(ExportRecord, frozen=True, kw_only=True, tag="visit"):
    """The visits of the link of an invitation."""

    invitation: UUID
    first_at: Instant
    last_at: Instant
    visits: int
    score: int | None = None
    followed: dict[str, float] = {}
    """When each score was last followed, in seconds of Unix time."""
    machine: str | None = None
    """Why the visits were taken for a machine's."""


class AnswerVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer was before it was changed."""

    version: int
    score: int
    comment: str | None = None
    follow_up_question: str | None = None
    follow_up: str | None = None
    replies: tuple[Reply, ...] = ()
    may_contact: bool | None = None
    changed_at: Instant


class AnswerRecord(ExportRecord, frozen=True, kw_only=True, tag="answer"):
    """What the customer answered."""

    id: UUID
    customer_id: str | None = None
    state: str
    test: bool
    score: int | None = None
    comment: str | None = None
    follow_up_question: str | None = None
    follow_up: str | None = None
    replies: tuple[Reply, ...] = ()
    may_contact: bool | None = None
    survey: UUID | None = None
    measurement: str
    touchpoint: str | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    language: str | None = None
    layout: str | None = None
    channel: str | None = None
    seconds_to_score: int | None = None
    """From the first visit of the link."""
    staff_network: bool | None = None
    """Whether it came from one of the company's own networks. None: not known."""
    device_ordinal: int | None = None
    """Which one it was of its day's answers from what looked like one device; 3: the third or a later one."""
    objections: tuple[Objection, ...] = ()
    """To how its case ended."""
    signs: tuple[str, ...] = ()
    """What speaks for a machine having answered."""
    judgement: str | None = None
    """Whose a colleague has said that it is."""
    day: date | None = None
    invited_at: Instant | None = None
    answered_at: Instant | None = None
    changed_at: Instant
    before: tuple[AnswerVersion, ...] = ()


class TookPartRecord(ExportRecord, frozen=True, kw_only=True, tag="took_part"):
    """The link to an anonymous survey was answered. Neither when nor what is kept with it."""

    invitation: UUID


class CountedAnswerRecord(ExportRecord, frozen=True, kw_only=True, tag="counted_answer"):
    """An answer as it counts in the company's scores."""

    id: UUID
    customer_id: str | None = None
    score: int | None = None
    score_before: int | None = None
    comment: str | None = None
    themes: tuple[str, ...] = ()
    """That the comment names, by its words."""
    replies: tuple[Reply, ...] = ()
    """To the follow-up, too."""
    measurement: str
    touchpoint: str | None = None
    counts_for: tuple[str, ...] = ()
    language: str | None = None
    day: date | None = None
    answered_at: Instant | None = None
    changed_at: Instant


CaseStepKind = Literal[
    "opened",
    "amended",
    "again",
    "consent",
    "contact",
    "mailed",
    "wrote",
    "revealed",
    "closed",
    "objected",
    "reopened",
]


class CaseStep(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a case: neither who did it nor what colleagues wrote, but to the customer."""

    at: Instant
    step: CaseStepKind
    score: int | None = None
    score_before: int | None = None
    may_contact: bool | None = None
    how: str | None = None
    reached: bool | None = None
    looked_at: str | None = None
    subject: str | None = None
    text: str | None = None
    """Of a mail between the company and the customer."""
    attachments: str | None = None
    """The names of what was attached to it, which is not kept."""


class CaseRecord(ExportRecord, frozen=True, kw_only=True, tag="case"):
    """How the company followed up an answer."""

    id: UUID
    number: int
    customer_id: str | None = None
    state: str
    score: int
    may_contact: bool | None = None
    touchpoint: str | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    answers: tuple[UUID, ...] = ()
    contact_due_at: Instant
    close_due_at: Instant
    first_contact_at: Instant | None = None
    closed_at: Instant | None = None
    cause: str | None = None
    outcome: str | None = None
    told: bool | None = None
    steps: tuple[CaseStep, ...] = ()


class IntroductionRecord(ExportRecord, frozen=True, kw_only=True, tag="introduction"):
    """Somebody of the company was to ask the customer for an introduction, after a high score."""

    id: UUID
    customer_id: str | None = None
    account: str | None = None
    state: str
    score: int
    asked_at: Instant | None = None
    agreed_at: Instant | None = None
    introduced_at: Instant | None = None
    met_at: Instant | None = None
    result: str | None = None
    """What came of it; of whom the customer introduced nothing is kept."""


class WebhookRecord(ExportRecord, frozen=True, kw_only=True, tag="webhook"):
    """A message about the customer's answer or case to another system of the company."""

    message: str
    type: str
    system: str
    """The name of the webhook."""
    state: str
    attempts: int
    content: Raw | UnsetType = UNSET
    """What it holds."""


AccessActor = Literal["colleague", "program", "operator", "customer"]


class AccessRecord(ExportRecord, frozen=True, kw_only=True, tag="access"):
    """Somebody looked at what is kept of the customer, or gave or erased a part of it; not who it was."""

    act: str
    """As the log has it."""
    who: AccessActor | None = None
    """What kind of actor it was; None: one that only a newer version knows."""


FileRowState = Literal["waiting", "faulty"]


class FileRowRecord(ExportRecord, frozen=True, kw_only=True, tag="file_row"):
    """A row of a file of the company that names the customer, and became nothing yet.

    ``at``: when the file came.
    """

    file_kind: str
    """What its rows are: events, customers, answers or suppressions."""
    row: int
    state: FileRowState
    """``faulty``: it was not taken, and waits to be mended."""
    cells: dict[str, str]
    """By the names of the columns."""


AnyRecord = (
    KnownRecord
    | ProfileRecord
    | EventRecord
    | InvitationRecord
    | DeliveryRecord
    | AskedRecord
    | SuppressionRecord
    | SuppressionLiftRecord
    | PreferenceRecord
    | VisitRecord
    | AnswerRecord
    | TookPartRecord
    | CountedAnswerRecord
    | CaseRecord
    | IntroductionRecord
    | FileRowRecord
    | WebhookRecord
    | AccessRecord
)

CUSTOMER_FIELDS = ("name", "email", "phone", "locale", "time_zone", "country", "basis")
"""What an invitation has of its customer, besides the id."""

R = TypeVar("R", bound=ExportRecord)


def record_of(kind: type[R], source: Any, **given: Any) -> R:
    """A record of this type: a field that is not given has the value that ``source`` has under its name."""
    copied = {
        name: getattr(source, name)
        for name in kind.__struct_fields__
        if name not in given and hasattr(source, name)
    }
    return kind(**copied, **given)


def invitation_record(invitation: Invitation) -> InvitationRecord:
    """The record of a whole invitation, without whom it names of the company's staff."""
    customer = invitation.customer
    return record_of(
        InvitationRecord,
        invitation,
        at=invitation.decided_at,
        obtained_from="company",
        customer_id=customer.id,
        account=invitation.account.id if invitation.account is not None else None,
        survey=invitation.survey_name,
        mail=invitation.state,
        **{name: getattr(customer, name) for name in CUSTOMER_FIELDS},
    )


def answer_record(answer: Answer, before: tuple[AnswerVersion, ...]) -> AnswerRecord:
    """The record of an answer with what it was before."""
    return record_of(
        AnswerRecord,
        answer,
        at=answer.answered_at or answer.changed_at,
        obtained_from=origin_of(answer.origin),
        survey=answer.survey_id,
        before=before,
    )


def origin_of(origin: str) -> ExportOrigin:
    """From whom an answer of this origin comes."""
    return "import" if origin == "import" else "customer"
