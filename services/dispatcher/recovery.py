"""How the dispatcher restores its state from its own topics, when its database came from an older backup.

An invitation is sent only when it is on the topic, so every mail that left is there. What is due now, or was
being sent, may have been sent since the backup, and becomes unknown.
"""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from services.dispatcher.backfill import store_known, store_quarantines
from services.dispatcher.contact_policies import repository as policy_rows
from services.dispatcher.contact_policies.policy_commands import policy_event
from services.dispatcher.decisions.countering import remember_restored
from services.dispatcher.decisions.explanation import Explanation
from services.dispatcher.decisions.policy import current_contact_policy
from services.dispatcher.erasures.erasure_commands import erased_version
from services.dispatcher.exports.link_commands import withdraw_again
from services.dispatcher.invitations.schedule import record_unknown
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.replies.restoring import restore_case_mails, settle_restored
from services.dispatcher.replies.states import record_unknown as record_unknown_replies
from services.dispatcher.repository import restoring as rows
from services.dispatcher.repository.erasing import share_erased
from services.dispatcher.retention import repository as retention_rows
from services.dispatcher.retention.retention_commands import retention_event
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.sending.sending_commands import sending_event
from services.dispatcher.sms import reply_repository
from services.dispatcher.suppressions.suppression_commands import suppress_addresses
from services.dispatcher.surveys.survey_commands import survey_events
from shared.db import UnitOfWork
from shared.events import (
    AUDIT,
    CASE_MAILS,
    CONTACT_POLICIES,
    CUSTOMERS,
    INVITATIONS,
    RETENTION,
    SENDING,
    SURVEYS,
    TRANSACTIONS,
    CustomerErased,
    Event,
    Invitation,
    SendingMode,
    Survey,
    TenantContactPolicy,
    TenantRetention,
    TenantSending,
    Transaction,
)
from shared.events.dedupe import first, newest
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned, Recovery
from shared.outbound import deliveries
from shared.service import Context

LOST = (
    "Opt-outs, bounces and complaints, what customers chose on their pages, suppressions, who lifted them "
    "and why, who asked for an erasure and why, test addresses, customer ids that stand for nobody and the "
    "log of who changed the sending, as far as they came since the backup, are gone: nobody else holds them. "
    "Replies by text that had not been answered at the backup are not answered any more. "
    "Enter the opt-outs again before the workers start. Customers who were given since then (POST "
    "/v1/customers) are to be given again; waves that were made since then end. Standing programmes go on "
    "from where the backup was; who was asked since is not asked again."
)


async def restore_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Restore the surveys with their words.

    An earlier version published how a tenant sends with its surveys alone: where no event of its own was
    restored, that of the survey that changed last counts.
    """
    versions = newest(events, lambda survey: (survey.id, survey.survey_version))
    current: dict[tuple[str, UUID], Event[Survey]] = {}
    for event in sorted(versions, key=lambda event: (event.data.version, event.data.survey_version)):
        current[event.tenant, event.data.id] = event
    sendings = {
        event.tenant: _sending(event.data)
        for event in sorted(current.values(), key=lambda event: event.data.changed_at)
    }
    # Sending before the surveys: all transactions lock in this order.
    await rows.restore_unpublished_sending(uow, sendings)
    await rows.restore_surveys(uow, [current[key] for key in sorted(current)])
    await rows.restore_words(uow, versions)


async def restore_sending(uow: UnitOfWork, events: Sequence[Event[TenantSending]]) -> None:
    """Restore whether the tenants were live or stopped."""
    await rows.restore_sending(uow, newest(events, lambda _: "sending"))


async def restore_retention(uow: UnitOfWork, events: Sequence[Event[TenantRetention]]) -> None:
    """Restore for how long the tenants keep their data."""
    await retention_rows.restore(uow, newest(events, lambda _: "retention"))


async def restore_policies(uow: UnitOfWork, events: Sequence[Event[TenantContactPolicy]]) -> None:
    """Restore when and how often the tenants may write."""
    await policy_rows.restore(uow, newest(events, lambda _: "contact_policy"))


async def restore_invitations(context: Context, uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Restore the newest version of each invitation, with the decision that it came of."""
    invitations = newest(events, lambda invitation: invitation.id)
    new = await rows.restore_invitations(uow, invitations)
    restored = [event for event in invitations if (event.tenant, event.data.id) in new]
    if not restored:
        return
    await rows.restore_decisions(
        uow, [(event, _transaction(event.data), _explanation(event.data)) for event in restored]
    )
    ours = [(event.tenant, event.data) for event in restored if not event.data.erased]
    await store_quarantines(uow, context.secret, ours)
    await store_known(uow, context.secret, ours)


async def restore_decisions(context: Context, uow: UnitOfWork, events: Sequence[Event[Transaction]]) -> None:
    """Complete the restored decisions by what only their transactions have.

    Those that are counter-events are remembered again: they are decided, so they are not consumed once more.
    """
    firsts = first(events, lambda transaction: transaction.event_id)
    completed = await rows.complete_decisions(uow, firsts)
    restored = [event for event in firsts if (event.tenant, event.data.event_id) in completed]
    if restored:
        await remember_restored(uow, context.secret, current_contact_policy(), restored)


async def settle(uow: UnitOfWork, limit: int) -> int:
    """Move to ``unknown`` what was being sent or is due, and answer no reply of before; returns how many
    deliveries there were.
    """
    ended = await deliveries.end_possibly_sent(uow, limit)
    await record_unknown(uow, ended, deliveries.POSSIBLY_SENT)
    await record_unknown_replies(uow, ended, deliveries.POSSIBLY_SENT)
    await reply_repository.end_waiting(uow)
    return len(ended) + await settle_restored(uow, limit)


async def surveys_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, Survey]], Cursor | None]:
    """Every version of the next surveys."""
    found = await rows.share_surveys(uow, after, limit)
    surveys = [
        (row.tenant, survey) for row in found for survey in await survey_events(uow, row.tenant, row.id)
    ]
    return surveys, (found[-1].tenant, found[-1].id) if len(found) == limit else None


async def sending_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, TenantSending]], Cursor | None]:
    """How the next tenants send."""
    found = await sending_rows.share_after(uow, after[0] if after else None, limit)
    return [(row.tenant, sending_event(row)) for row in found], (
        (found[-1].tenant, None) if len(found) == limit else None
    )


async def retention_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, TenantRetention]], Cursor | None]:
    """For how long the next tenants keep their data."""
    found = await retention_rows.share_after(uow, after[0] if after else None, limit)
    return [(row.tenant, retention_event(row)) for row in found], (
        (found[-1].tenant, None) if len(found) == limit else None
    )


async def policies_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, TenantContactPolicy]], Cursor | None]:
    """When and how often the next tenants may write."""
    found = await policy_rows.share_after(uow, after[0] if after else None, limit)
    return [(row.tenant, policy_event(row)) for row in found], (
        (found[-1].tenant, None) if len(found) == limit else None
    )


async def invitations_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, Invitation]], Cursor | None]:
    """The next invitations."""
    found = await rows.share_invitations(uow, after, limit)
    invitations = [(row.tenant, read_invitation(row)) for row in found]
    return invitations, (found[-1].tenant, found[-1].id) if len(found) == limit else None


async def erased_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, CustomerErased]], Cursor | None]:
    """The next customers who were erased."""
    found = await share_erased(uow, after, limit)
    customers = [
        (
            row.tenant,
            CustomerErased(
                id=row.id,
                version=erased_version(row.erased_at),
                erased_at=row.erased_at,
                person=row.person,
                contact=row.contact,
                addresses=tuple(row.addresses),
            ),
        )
        for row in found
    ]
    return customers, (found[-1].tenant, found[-1].id) if len(found) == limit else None


def _sending(survey: Survey) -> TenantSending:
    mode: SendingMode = "test" if survey.test else "live"
    return TenantSending(version=1, mode=mode, stopped=survey.stopped, changed_at=survey.changed_at)


def _transaction(invitation: Invitation) -> Transaction:
    """What an invitation has of its event, until its transaction is read."""
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


def _explanation(invitation: Invitation) -> Explanation:
    withheld = invitation.state == "withheld"
    return Explanation(
        mode="test" if withheld else "live",
        address="good" if invitation.customer.email else "missing",
        number="good" if invitation.channel == "sms" else None,
        by_number=invitation.channel == "sms" and not invitation.customer.email,
        language=invitation.language,
        channel=invitation.channel,
        due_at=invitation.due_at,
        test=invitation.test,
        withheld=withheld,
        drawn_percent=invitation.drawn_percent,
        beyond_draw=invitation.beyond_draw,
    )


def recovery(context: Context) -> Recovery:
    """What the dispatcher restores, and what it can publish again."""
    return Recovery(
        owned=(
            Owned(SURVEYS, surveys_page),
            Owned(SENDING, sending_page),
            Owned(RETENTION, retention_page),
            Owned(CONTACT_POLICIES, policies_page),
            Owned(INVITATIONS, invitations_page),
            Owned(CUSTOMERS, erased_page),
        ),
        reads=(
            # Who was erased is known already; here, under which addresses nobody is asked any more.
            Subscription(CUSTOMERS, suppress_addresses),
            # Before the surveys, which tell how a tenant sent only where this topic does not.
            Subscription(SENDING, restore_sending),
            Subscription(SURVEYS, restore_surveys),
            Subscription(RETENTION, restore_retention),
            Subscription(CONTACT_POLICIES, restore_policies),
            Subscription(INVITATIONS, partial(restore_invitations, context)),
            Subscription(TRANSACTIONS, partial(restore_decisions, context)),
            Subscription(CASE_MAILS, restore_case_mails),
            Subscription(AUDIT, withdraw_again),
        ),
        settle=settle,
        lost=LOST,
    )
