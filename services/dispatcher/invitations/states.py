"""An invitation: made with the decision, moved on by the sender, and published after each step."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import json
from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.scopes import segments_asked_about
from services.dispatcher.decisions.values import Verdict
from services.dispatcher.invitations import repository
from services.dispatcher.invitations.changes import NO_VALUES, ChangeKind, ChangeValues, note_change
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import INVITATIONS, Customer, Invitation, InvitationState, Transaction
from shared.privacy.subjects import Subject

ENDED_BY_US: frozenset[InvitationState] = frozenset({"dropped", "withheld"})
"""The states of an invitation whose mail our own rules keep from leaving."""
STATES_AFTER_SENDING: frozenset[InvitationState] = frozenset({"sent", "sending", "unknown"})
"""The states of an invitation whose first message may have reached whoever carries it: a report may come,
also before we have recorded that it was handed over."""
FIRST_MAIL = 1
_decoder = json.Decoder(Invitation)


def turn_of_mail(invitation_id: UUID, n: int) -> str:
    """What the contact's row remembers of its last message: which one of an invitation it was."""
    return f"{invitation_id}/{n}"


def new_invitation(
    transaction: Transaction,
    customer: Customer,
    contact: ContactKey,
    event_id: UUID,
    verdict: Verdict,
    language: str,
    invitation_id: UUID,
    now: datetime,
) -> Invitation:
    """What an ``invited`` verdict makes of its event, for the ``customer`` with the id that is used here."""
    survey = verdict.survey
    if survey is None or verdict.due_at is None or verdict.expires_at is None:
        raise ValueError("only an invited event has an invitation")
    return Invitation(
        id=invitation_id,
        version=1,
        state=_first_state(verdict),
        reason="test_mode" if verdict.withheld else None,
        survey_id=survey.id,
        survey_version=survey.survey_version,
        survey_name=survey.name,
        measurement=survey.measurement,
        language=language,
        channel=verdict.channel or "mail",
        test=verdict.test,
        customer=customer,
        contact_key=contact.address,
        number_key=contact.number if contact.texted else None,
        person=contact.person,
        anonymous=survey.anonymous,
        drawn_percent=verdict.drawn_percent,
        beyond_draw=verdict.beyond_draw,
        account=transaction.account,
        handled_by=transaction.handled_by,
        recovery_of=transaction.recovery_of,
        event_id=event_id,
        event_type=transaction.type,
        occurred_at=transaction.occurred_at,
        touchpoint=survey.touchpoint,
        segments=segments_asked_about(transaction, survey.touchpoint),
        organisation=transaction.organisation,
        attributes=transaction.attributes,
        decided_at=now,
        due_at=verdict.due_at,
        sent_at=verdict.due_at if verdict.hands_out_link else None,
        expires_at=verdict.expires_at,
    )


def _first_state(verdict: Verdict) -> InvitationState:
    """A link is handed out with the decision, so nothing of it waits."""
    if verdict.withheld:
        return "withheld"
    return "sent" if verdict.hands_out_link else "waiting"


def read_invitation(row: Row[Any]) -> Invitation:
    """The invitation of a row, with the state that the row has."""
    return replace(
        _decoder.decode(row.body),
        version=row.version,
        state=row.state,
        reason=row.reason,
        sent_at=row.sent_at,
    )


def subject_of_invitation(contact: ContactKey, invitation: Invitation) -> Subject:
    """Whom an invitation asks, as an erasure knows them; ``contact``: as it is known today."""
    return contact.subject._replace(person=invitation.person or contact.person)


async def move_invitation(
    uow: UnitOfWork,
    tenant: str,
    invitation: Invitation,
    state: InvitationState,
    *,
    reason: str | None = None,
    next_at: datetime | None = None,
    due_at: datetime | None = None,
    values: ChangeValues = NO_VALUES,
    asked_at: datetime | None = None,
) -> Invitation | None:
    """Move it on and publish it; None if somebody else has moved it since it was read.

    Where a rule of ours postpones it or ends it, that is kept as a change of its first mail. Its link lives
    as long as it was to, from whenever the mail is due.

    :param next_at: when a refused mail is tried again.
    :param due_at: until when a mail is postponed that was not tried, or since when one that leaves late.
    :param values: the values behind a change that is kept.
    :param asked_at: when the customer was asked that keeps a mail from being sent.
    """
    moved = replace(
        invitation,
        version=invitation.version + 1,
        state=state,
        reason=reason,
        sent_at=uow.now if state == "sent" else invitation.sent_at,
        due_at=due_at or invitation.due_at,
        expires_at=invitation.expires_at + ((due_at or invitation.due_at) - invitation.due_at),
        asked_at=asked_at,
    )
    body = json.encode(moved) if due_at is not None or asked_at is not None else None
    if not await repository.move(uow, tenant, moved, due_at or next_at, body):
        return None
    # A mail that is only judged anew, after another one that left just now, is not postponed.
    if state in ENDED_BY_US or (state == "waiting" and due_at is not None and due_at > uow.now):
        what: ChangeKind = "postponed" if state == "waiting" else state  # type: ignore[assignment]
        await note_change(uow, tenant, moved.id, FIRST_MAIL, what, reason or "", until=due_at, values=values)
    uow.publish(INVITATIONS, tenant, moved)
    notify_changes(uow, [tenant])
    return moved


async def settle_invitation(
    uow: UnitOfWork,
    tenant: str,
    invitation: Invitation,
    state: InvitationState,
    *,
    reason: str | None,
    next_at: datetime | None,
) -> Invitation | None:
    """Move it on by what became of its first message; None where it has come to another end meanwhile.

    A report may be faster than we are, and so may an erasure: then this is said of what the invitation is
    now. What a report has made of it stays, and only when it was sent is added.
    """
    moved = await move_invitation(uow, tenant, invitation, state, reason=reason, next_at=next_at)
    if moved is not None:
        return moved
    row = await repository.lock(uow, tenant, invitation.id)
    if row is None:
        return None
    newest = read_invitation(row)
    if newest.state == "sending":
        return await move_invitation(uow, tenant, newest, state, reason=reason, next_at=next_at)
    if state != "sent" or newest.state not in {"sent", "bounced"}:
        return None
    if newest.sent_at is not None:
        return newest
    newest = replace(newest, sent_at=uow.now)
    return await move_invitation(uow, tenant, newest, newest.state, reason=newest.reason)


async def begin_reminding(uow: UnitOfWork, tenant: str, invitation: Invitation) -> Invitation | None:
    """Publish that a reminder is being handed to the mail server: until that takes it, nobody has it.

    None if somebody else has moved the invitation since it was read.
    """
    return await _publish_reminding(uow, tenant, replace(invitation, reminding_since=uow.now))


async def end_reminding(uow: UnitOfWork, tenant: str, invitation: Invitation, *, taken: bool) -> None:
    """Publish that the mail server took the reminder, or that it is on its way no more.

    Where somebody else has moved the invitation meanwhile, as a report or an erasure does, it is said of what
    it is now.
    """
    changes: dict[str, Any] = {"reminded_at": uow.now} if taken else {"reminding_since": None}
    if await _publish_reminding(uow, tenant, replace(invitation, **changes)) is None:
        row = await repository.lock(uow, tenant, invitation.id)
        if row is not None:
            await _publish_reminding(uow, tenant, replace(read_invitation(row), **changes))


async def _publish_reminding(uow: UnitOfWork, tenant: str, invitation: Invitation) -> Invitation | None:
    moved = replace(invitation, version=invitation.version + 1)
    if not await repository.move(uow, tenant, moved, None, json.encode(moved)):
        return None
    uow.publish(INVITATIONS, tenant, moved)
    return moved
