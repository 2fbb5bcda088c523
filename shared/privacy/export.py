"""What a service answers when a customer asks what is kept about them: sections of typed records.

A service reads its own tables in ``repository/export.py``; the dispatcher asks all of them
(``shared.privacy.export_api``) and puts the sections together.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, Raw, UnsetType

from shared.events import Answer, Invitation
from shared.events.envelope import Instant
from shared.events.transactions import Basis

ExportKind = Literal[
    "known",
    "event",
    "invitation",
    "delivery",
    "asked",
    "suppression",
    "suppression_lift",
    "visit",
    "answer",
    "counted_answer",
    "case",
]
EXPORT_KINDS: tuple[ExportKind, ...] = get_args(ExportKind)
"""In the order in which a customer reads them."""
ExportOrigin = Literal["company", "customer", "import", "staff", "afterword"]
"""From whom it comes: the company's systems; the customer; answers that the company imported; what colleagues
did; what arose while Afterword worked."""
ExportPurpose = Literal["find", "ask", "respect_no", "tell_machines", "listen", "count", "follow_up"]
KeptKind = Literal["contacts", "comments", "cases", "decisions", "visits", "deliveries", "always"]
"""By which of the company's rules it is kept; ``always``: as long as the customer is not asked."""
ALWAYS: KeptKind = "always"
PURPOSES: dict[ExportKind, ExportPurpose] = {
    "known": "find",
    "event": "ask",
    "invitation": "ask",
    "delivery": "ask",
    "asked": "ask",
    "suppression": "respect_no",
    "suppression_lift": "respect_no",
    "visit": "tell_machines",
    "answer": "listen",
    "counted_answer": "count",
    "case": "follow_up",
}
KEPT: dict[ExportKind, KeptKind] = {
    "known": "contacts",
    "event": "decisions",
    "invitation": "contacts",
    "delivery": "deliveries",
    "asked": "contacts",
    "suppression": "always",
    "suppression_lift": "always",
    "visit": "visits",
    "answer": "comments",
    "counted_answer": "comments",
    "case": "cases",
}
ASKED_SERVICES = ("collector", "scorer", "alerts")
"""The services that have something of customers, besides the dispatcher, which asks them."""
MAX_RECORDS_PER_KIND = 200
"""In one answer of one service; a section that is cut says where it goes on."""


class ExportRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One thing that is kept. ``at``: when it arose; None: not known."""

    at: Instant | None
    obtained_from: ExportOrigin


class KnownRecord(ExportRecord, frozen=True, kw_only=True, tag="known"):
    """One way in which the customer came: the id, with the keyed hashes of address and number."""

    customer_id: str
    address_hash: str | None = None
    phone_hash: str | None = None


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
    n: int
    channel: str
    mail: str
    reason: str | None = None
    attempts: int


class AskedRecord(ExportRecord, frozen=True, kw_only=True, tag="asked"):
    """When the customer was last asked, by an id or by the keyed hash of an address."""

    id: str
    address_hash: str | None = None
    invited_at: Instant | None = None
    invited_before: Instant | None = None
    asked_elsewhere_at: Instant | None = None


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
    may_contact: bool | None = None
    survey: UUID | None = None
    measurement: str
    touchpoint: str | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    language: str | None = None
    day: date | None = None
    invited_at: Instant | None = None
    answered_at: Instant | None = None
    changed_at: Instant
    before: tuple[AnswerVersion, ...] = ()


class CountedAnswerRecord(ExportRecord, frozen=True, kw_only=True, tag="counted_answer"):
    """An answer as it counts in the company's scores."""

    id: UUID
    customer_id: str | None = None
    score: int | None = None
    score_before: int | None = None
    comment: str | None = None
    measurement: str
    touchpoint: str | None = None
    counts_for: tuple[str, ...] = ()
    language: str | None = None
    day: date | None = None
    answered_at: Instant | None = None
    changed_at: Instant


CaseStepKind = Literal["opened", "amended", "again", "consent", "contact", "revealed", "closed", "reopened"]


class CaseStep(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a case: neither who did it nor what colleagues wrote."""

    at: Instant
    step: CaseStepKind
    score: int | None = None
    score_before: int | None = None
    may_contact: bool | None = None
    how: str | None = None
    reached: bool | None = None
    looked_at: str | None = None


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


AnyRecord = (
    KnownRecord
    | EventRecord
    | InvitationRecord
    | DeliveryRecord
    | AskedRecord
    | SuppressionRecord
    | SuppressionLiftRecord
    | VisitRecord
    | AnswerRecord
    | CountedAnswerRecord
    | CaseRecord
)


class ExportSection(msgspec.Struct, frozen=True, kw_only=True):
    """The records of one kind in one service, newest first."""

    service: str
    kind: ExportKind
    records: tuple[AnyRecord, ...] = ()
    older_before: Instant | None = None
    """There are older ones; they come when this is given as ``before``."""


class ExportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose records are asked for."""

    tenant: str
    person: str
    contact: str | None = None
    """The keyed hash of the one address that is meant, of a customer with several; None: under every one."""
    kind: ExportKind | None = None
    """Only of this kind; None: of all kinds."""
    before: datetime | None = None
    limit: int = MAX_RECORDS_PER_KIND
    customer_ids: tuple[str, ...] = ()
    """The person's ids in rows that have no pseudonym yet."""

    def asks_for(self, kind: ExportKind) -> bool:
        """Whether records of this kind are asked for."""
        return self.kind in (None, kind)

    def values(self) -> dict[str, Any]:
        """The parameters of statements with ``of_person``: one row more than is answered shows a cut."""
        return {
            "tenant": self.tenant,
            "person": self.person,
            "contact": self.contact,
            "customer_ids": list(self.customer_ids),
            "before": self.before,
            "limit": self.limit + 1,
        }


IS_PERSON = """(t.person = :person
            OR t.person IS NULL AND {customer_id} = ANY(CAST(:customer_ids AS text[])))"""
"""Whether a row ``t`` is the person's; ``customer_id``: as its ``PersonalTable`` has it."""


def of_person(at: str, contact: str = "t.contact_key", customer_id: str = "t.customer_id") -> str:
    """The end of a statement behind WHERE: the rows ``t`` of the person, newest first.

    :param at: the SQL of the time that a record has.
    :param contact: the SQL of the keyed hash of the address that a row is about.
    :param customer_id: the SQL of the customer's id, as the table's ``PersonalTable`` has it.
    """
    return f"""t.tenant = :tenant AND {IS_PERSON.format(customer_id=customer_id)}
        AND (CAST(:contact AS text) IS NULL OR {contact} IS NULL OR {contact} = :contact)
        AND (CAST(:before AS timestamptz) IS NULL OR {at} < :before)
    ORDER BY {at} DESC NULLS LAST
    LIMIT :limit"""


def in_body(name: str, kind: str = "text") -> str:
    """The SQL of a field in the encoded ``body`` of a row ``t``."""
    return f"CAST(CAST(convert_from(t.body, 'UTF8') AS jsonb) ->> '{name}' AS {kind})"


def invitation_record(invitation: Invitation) -> InvitationRecord:
    """The record of a whole invitation, without whom it names of the company's staff."""
    customer = invitation.customer
    return InvitationRecord(
        at=invitation.decided_at,
        obtained_from="company",
        id=invitation.id,
        customer_id=customer.id,
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
        locale=customer.locale,
        time_zone=customer.time_zone,
        country=customer.country,
        basis=customer.basis,
        account=invitation.account.id if invitation.account is not None else None,
        survey=invitation.survey_name,
        language=invitation.language,
        test=invitation.test,
        mail=invitation.state,
        reason=invitation.reason,
        event_type=invitation.event_type,
        occurred_at=invitation.occurred_at,
        touchpoint=invitation.touchpoint,
        segments=invitation.segments,
        organisation=invitation.organisation,
        attributes=invitation.attributes,
        due_at=invitation.due_at,
        sent_at=invitation.sent_at,
        expires_at=invitation.expires_at,
    )


def answer_record(answer: Answer, before: tuple[AnswerVersion, ...]) -> AnswerRecord:
    """The record of an answer with what it was before."""
    return AnswerRecord(
        at=answer.answered_at or answer.changed_at,
        obtained_from="import" if answer.origin == "import" else "customer",
        id=answer.id,
        customer_id=answer.customer_id,
        state=answer.state,
        test=answer.test,
        score=answer.score,
        comment=answer.comment,
        follow_up_question=answer.follow_up_question,
        follow_up=answer.follow_up,
        may_contact=answer.may_contact,
        survey=answer.survey_id,
        measurement=answer.measurement,
        touchpoint=answer.touchpoint,
        segments=answer.segments,
        organisation=answer.organisation,
        language=answer.language,
        day=answer.day,
        invited_at=answer.invited_at,
        answered_at=answer.answered_at,
        changed_at=answer.changed_at,
        before=before,
    )


def section_of(
    query: ExportQuery, service: str, kind: ExportKind, found: Iterable[AnyRecord]
) -> ExportSection:
    """The section with what a statement found, which is cut between two different times."""
    records = list(found)
    if len(records) <= query.limit:
        return ExportSection(service=service, kind=kind, records=tuple(records))
    first_left_out, shown = records[query.limit].at, records[: query.limit]
    older = [record for record in shown if record.at != first_left_out] or shown
    return ExportSection(service=service, kind=kind, records=tuple(older), older_before=older[-1].at)


def encode_sections(sections: Sequence[ExportSection]) -> bytes:
    """The sections as services exchange them."""
    return msgspec.json.encode(sections)


def decode_sections(body: bytes) -> list[ExportSection]:
    """The sections again.

    :raises msgspec.MsgspecError: when they are none.
    """
    return _sections.decode(body)


_sections = msgspec.json.Decoder(list[ExportSection])
