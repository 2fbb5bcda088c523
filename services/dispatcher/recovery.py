"""What the dispatcher remembers of what it has said, when its database was restored from an older backup.

Every mail that left had been said: a delivery is due only when its invitation stands on the topic. So what is
due now, or was being sent, may have been sent since the backup, and becomes unknown.
"""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from msgspec import json

from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.explanation import Explanation, encode_facts
from services.dispatcher.decisions.handlers import joined_segments, quarantine
from services.dispatcher.invitations.states import states
from services.dispatcher.repository import restoring as rows
from services.dispatcher.surveys.survey_commands import survey_commands
from services.dispatcher.surveys.texts import write_texts
from shared.db import UnitOfWork
from shared.events import INVITATIONS, SURVEYS, TRANSACTIONS, Event, Invitation, Survey, Transaction
from shared.events.dedupe import first, newest
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned, Recovery
from shared.service import Context

LOST = (
    "Opt-outs, suppressions, who lifted them and why, test addresses, customer ids that stand for nobody and "
    "the log of who changed the sending, as far as they came since the backup, are gone: nobody else holds "
    "them. Enter the opt-outs again before the workers start."
)
REASON = "the database was restored: it may have been sent since the backup"


async def restore_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Take back the surveys with their words, and whether the tenant was live or stopped."""
    said = newest(events, lambda survey: (survey.id, survey.survey_version))
    current: dict[tuple[str, UUID], Event[Survey]] = {}
    for event in sorted(said, key=lambda event: (event.data.version, event.data.survey_version)):
        current[event.tenant, event.data.id] = event
    latest: dict[str, Survey] = {}
    for tenant, survey_id in sorted(current):
        survey = current[tenant, survey_id].data
        if tenant not in latest or latest[tenant].changed_at < survey.changed_at:
            latest[tenant] = survey
    # Before the surveys: everybody locks in this order, and the API may be at work.
    await rows.put_sending(uow, sorted(latest.items()))
    await rows.put_surveys(uow, [current[key] for key in sorted(current)])
    await rows.put_words(uow, [(event, write_texts(event.data.texts)) for event in said])


async def restore_invitations(context: Context, uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Take back each invitation as it was said last, with the decision that it came of."""
    said = newest(events, lambda invitation: invitation.id)
    new = await rows.put_invitations(uow, [(event, json.encode(event.data)) for event in said])
    invited = [event for event in said if (event.tenant, event.data.id) in new]
    if not invited:
        return
    happened = [_transaction(event.data) for event in invited]
    await rows.put_decisions(
        uow,
        [
            (event, encode_facts(transaction), json.encode(_grounds(event.data)))
            for event, transaction in zip(invited, happened, strict=True)
        ],
        [joined_segments(transaction) for transaction in happened],
    )
    asked = [
        (contact_key_of(context.secret, event.tenant, event.data.customer, frozenset()), event.data.due_at)
        for event in invited
        if not event.data.test and event.data.state not in quarantine.NEVER_ARRIVED
    ]
    await quarantine.lock_contacts(uow, [contact for contact, _ in asked])
    await quarantine.begin_quarantine(uow, asked)


async def restore_decisions(uow: UnitOfWork, events: Sequence[Event[Transaction]]) -> None:
    """Give the decisions that were taken back what only their transactions know."""
    heard = first(events, lambda transaction: transaction.event_id)
    await rows.complete_decisions(uow, [(event, encode_facts(event.data)) for event in heard])


async def settle(uow: UnitOfWork, most: int) -> int:
    """What was being sent, or was due, is unknown from now on."""
    found = await rows.perhaps_sent(uow, most)
    for row in found:
        await states.move_invitation(uow, row.tenant, states.read_invitation(row), "unknown", reason=REASON)
    return len(found)


async def surveys_page(
    uow: UnitOfWork, after: Cursor | None, most: int
) -> tuple[list[tuple[str, Survey]], Cursor | None]:
    """Every version of every survey, as it stands."""
    found = await rows.lock_surveys(uow, after, most)
    things = [
        (row.tenant, survey)
        for row in found
        for survey in await survey_commands.survey_events(uow, row.tenant, row.id)
    ]
    return things, (found[-1].tenant, found[-1].id) if len(found) == most else None


async def invitations_page(
    uow: UnitOfWork, after: Cursor | None, most: int
) -> tuple[list[tuple[str, Invitation]], Cursor | None]:
    """Every invitation, as it stands."""
    found = await rows.lock_invitations(uow, after, most)
    things = [(row.tenant, states.read_invitation(row)) for row in found]
    return things, (found[-1].tenant, found[-1].id) if len(found) == most else None


def _transaction(invitation: Invitation) -> Transaction:
    """What an invitation knows of its event, until its transaction is read."""
    return Transaction(
        id=str(invitation.event_id),
        source="restored",
        type=invitation.event_type,
        occurred_at=invitation.occurred_at,
        accepted_at=invitation.decided_at,
        customer=invitation.customer,
        digest=rows.UNREAD,
        account=invitation.account,
        handled_by=invitation.handled_by,
        segments=invitation.segments,
        organisation=invitation.organisation,
        attributes=invitation.attributes,
    )


def _grounds(invitation: Invitation) -> Explanation:
    return Explanation(
        mode="test" if invitation.state == "withheld" else "live",
        address="good",
        language=invitation.language,
        due_at=invitation.due_at,
        test=invitation.test,
        withheld=invitation.state == "withheld",
    )


def recovery(context: Context) -> Recovery:
    """What the dispatcher reads again, and what it can publish again."""
    return Recovery(
        owned=(Owned(SURVEYS, surveys_page), Owned(INVITATIONS, invitations_page)),
        reads=(
            Subscription(SURVEYS, restore_surveys),
            Subscription(INVITATIONS, partial(restore_invitations, context)),
            Subscription(TRANSACTIONS, restore_decisions),
        ),
        settle=settle,
        lost=LOST,
    )
