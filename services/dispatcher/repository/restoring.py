"""Restore rows from the topics after the database came from a backup, and page through them to publish."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import json
from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.decisions.counter_events import order_of
from services.dispatcher.decisions.explanation import Explanation, encode_facts
from services.dispatcher.decisions.repository.decisions import other_channel, stored_segments
from services.dispatcher.invitations.repository import COLUMNS
from services.dispatcher.models import decision, invitation, sending, survey, survey_words
from services.dispatcher.surveys.domain import (
    rules_of,
    stored_adaptive_sampling,
    stored_conditions,
    stored_programme,
    stored_reminders,
)
from services.dispatcher.surveys.texts import write_questions, write_texts
from shared.db import UnitOfWork
from shared.db.bulk import insert, keep_newest, keep_newest_events, row_values, rows_sql
from shared.events import Event, Invitation, Survey, TenantSending, Transaction
from shared.events.surveys import SURVEY_RULES
from shared.events.transactions import LINK
from shared.kafka.ops.recovery import Cursor
from shared.privacy.persons import NOBODY

UNREAD = "unread"
"""Digest of a decision whose transaction has not been read again yet."""
DEFAULT_PLACE = 1000
"""Of a survey whose event carries no rules and that this database does not know."""

FIND_RULES = f"""
    SELECT tenant, id, {", ".join(SURVEY_RULES)}
    FROM survey
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id) USING (tenant, id)
"""


async def restore_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep those that are newer than ours."""
    surveys = await _with_rules(uow, events)
    await keep_newest(
        uow,
        survey,
        surveys,
        first=("created_at",),
        tenant=[event.tenant for event in events],
        created_at=[each.changed_at for each in surveys],
        reminders=[stored_reminders(each) for each in surveys],
        conditions=[stored_conditions(each) for each in surveys],
        programme=[stored_programme(each) for each in surveys],
        adaptive_sampling=[stored_adaptive_sampling(each) for each in surveys],
    )


async def _with_rules(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> list[Survey]:
    """The surveys, complete also where an earlier version published them without their rules.

    They keep the rules that we know; a survey that we do not know has the defaults, and is paused until
    an editor starts it again.
    """
    incomplete = [event for event in events if not event.data.has_rules]
    known: dict[tuple[str, UUID], dict[str, Any]] = {}
    if incomplete:
        values = {
            "tenants": [event.tenant for event in incomplete],
            "ids": [event.data.id for event in incomplete],
        }
        known = {(row.tenant, row.id): rules_of(row) for row in await uow.execute(FIND_RULES, values)}
    complete = []
    for event in events:
        restored = event.data
        if not restored.has_rules:
            rules = known.get((event.tenant, restored.id))
            if rules is None:
                restored = replace(restored, place=DEFAULT_PLACE, state="paused")
            else:
                rules |= {"trigger": restored.trigger, "state": restored.state}
                restored = replace(restored, **rules)
        complete.append(restored)
    return complete


async def restore_words(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep the versions of words that we do not have, of surveys that are there; they never change."""
    await insert(
        uow,
        survey_words,
        [event.data for event in events],
        tenant=[event.tenant for event in events],
        survey_id=[event.data.id for event in events],
        texts=[write_texts(event.data.texts) for event in events],
        questions=[write_questions(event.data.questions) for event in events],
        written_at=[event.data.changed_at for event in events],
        # Each version is published with the survey's rules of today, not with those of its words.
        neutral=None,
        incentive=None,
    )


# What was changed here after the event was published stands, as a stop before the recovery does, and gets a
# version that no consumer has. Versions alone do not tell which is later: in a backup from before they were
# counted each of them is 1.
RESTORE_SENDING = """
    INSERT INTO sending AS s ({names})
    {rows}
    ON CONFLICT (tenant) DO UPDATE SET
        version = EXCLUDED.version + CASE WHEN s.changed_at > EXCLUDED.changed_at THEN 1 ELSE 0 END,
        published_version = EXCLUDED.version,
        mode = CASE WHEN s.changed_at > EXCLUDED.changed_at THEN s.mode ELSE EXCLUDED.mode END,
        stopped = CASE WHEN s.changed_at > EXCLUDED.changed_at THEN s.stopped ELSE EXCLUDED.stopped END,
        changed_at = greatest(s.changed_at, EXCLUDED.changed_at)
    WHERE s.version <= EXCLUDED.version
"""


async def restore_sending(uow: UnitOfWork, events: Sequence[Event[TenantSending]]) -> None:
    """Keep how these tenants sent, where that was changed later than ours."""
    names, values = row_values(
        sending,
        [event.data for event in events],
        {
            "tenant": [event.tenant for event in events],
            "published_version": [event.data.version for event in events],
        },
    )
    statement = RESTORE_SENDING.format(names=", ".join(names), rows=rows_sql(sending, names))
    await uow.execute(statement, values)


RESTORE_UNPUBLISHED_SENDING = """
    INSERT INTO sending AS s ({names})
    {rows}
    ON CONFLICT (tenant) DO UPDATE SET
        mode = EXCLUDED.mode, stopped = EXCLUDED.stopped, changed_at = EXCLUDED.changed_at
    WHERE s.published_version = 0 AND s.changed_at < EXCLUDED.changed_at
"""


async def restore_unpublished_sending(uow: UnitOfWork, sendings: Mapping[str, TenantSending]) -> None:
    """Keep how these tenants sent, by their names, of whom no event tells it."""
    names, values = row_values(sending, list(sendings.values()), {"tenant": list(sendings)})
    statement = RESTORE_UNPUBLISHED_SENDING.format(names=", ".join(names), rows=rows_sql(sending, names))
    await uow.execute(statement, values)


# Of each invitation its first delivery: the topic tells nothing of reminders, so none is planned anew, and
# one that the backup has stays as it was. What was being sent has no sender any more, so it has no lease.
RESTORE_DELIVERIES = """
    INSERT INTO delivery AS d (tenant, about_id, kind, channel, state, reason, due_at)
    SELECT i.tenant, i.id, 'first',
        coalesce(CAST(convert_from(i.body, 'UTF8') AS json) ->> 'channel', 'mail'),
        CASE i.state WHEN 'withheld' THEN 'dropped' WHEN 'bounced' THEN 'failed' ELSE i.state END,
        i.reason, i.next_at
    FROM invitation i
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id) USING (tenant, id)
    ORDER BY 1, 2
    ON CONFLICT (tenant, about_id, n) DO UPDATE SET
        state = EXCLUDED.state, reason = EXCLUDED.reason, due_at = EXCLUDED.due_at, lease_until = NULL
"""


async def restore_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> set[tuple[str, UUID]]:
    """Keep those that are newer than ours; returns which of them we did not have at all."""
    written = await keep_newest_events(
        uow,
        invitation,
        events,
        returning="new.tenant AS tenant, new.id AS id, old.id AS known",
        customer_id=[event.data.customer.id for event in events],
        next_at=[event.data.due_at for event in events],
        changed_at=uow.now,
        order_id=[order_of(event.data.attributes) for event in events],
        body=[json.encode(event.data) for event in events],
    )
    kept = written.all()
    links = {(event.tenant, event.data.id) for event in events if event.data.channel == LINK}
    mails = [(row.tenant, row.id) for row in kept if (row.tenant, row.id) not in links]
    values = {"tenants": [tenant for tenant, _ in mails], "ids": [each for _, each in mails]}
    await uow.execute(RESTORE_DELIVERIES, values)
    return {(row.tenant, row.id) for row in kept if row.known is None}


async def restore_decisions(
    uow: UnitOfWork, restored: Iterable[tuple[Event[Invitation], Transaction, Explanation]]
) -> None:
    """Store the decisions that these invitations came of; their source is not published with them."""
    events, transactions, explanations = zip(*restored, strict=True)
    await insert(
        uow,
        decision,
        [event.data for event in events],
        tenant=[event.tenant for event in events],
        source="restored",
        source_id=[str(event.data.event_id) for event in events],
        customer_id=[NOBODY if event.data.erased else event.data.customer.id for event in events],
        digest=UNREAD,
        reason="invited",
        channel=[other_channel(event.data) for event in events],
        invitation_id=[event.data.id for event in events],
        segments=[stored_segments(transaction) for transaction in transactions],
        facts=[encode_facts(transaction) for transaction in transactions],
        grounds=[json.encode(explanation) for explanation in explanations],
    )


COMPLETE_DECISIONS = """
    UPDATE decision d
    SET source = n.source, source_id = n.source_id, digest = n.digest, facts = n.facts
    FROM ({transactions}) n
    WHERE d.tenant = n.tenant AND d.event_id = n.event_id AND d.digest = :unread
    RETURNING d.tenant, d.event_id
"""


async def complete_decisions(uow: UnitOfWork, events: Sequence[Event[Transaction]]) -> set[tuple[str, UUID]]:
    """Store what only the transaction has: the source and id by which it is asked for, and its digest.

    Returns of which events this was not known.
    """
    names, values = row_values(
        decision,
        [],
        {
            "tenant": [event.tenant for event in events],
            "event_id": [event.data.event_id for event in events],
            "source": [event.data.source for event in events],
            "source_id": [event.data.id for event in events],
            "digest": [event.data.digest for event in events],
            "facts": [encode_facts(event.data) for event in events],
        },
    )
    statement = COMPLETE_DECISIONS.format(transactions=rows_sql(decision, names))
    completed = await uow.execute(statement, {**values, "unread": UNREAD})
    return {(row.tenant, row.event_id) for row in completed}


SHARE_SURVEYS = """
    SELECT s.tenant, s.id FROM survey s
    WHERE CAST(:tenant AS text) IS NULL OR (s.tenant, s.id) > (:tenant, CAST(:id AS uuid))
    ORDER BY s.tenant, s.id
    LIMIT :limit
    FOR SHARE
"""


async def share_surveys(uow: UnitOfWork, after: Cursor | None, limit: int) -> Sequence[Row[Any]]:
    """The next surveys behind a cursor, locked against change."""
    return (await uow.execute(SHARE_SURVEYS, _page(after, limit))).all()


SHARE_INVITATIONS = f"""
    SELECT {COLUMNS} FROM invitation i
    WHERE CAST(:tenant AS text) IS NULL OR (i.tenant, i.id) > (:tenant, CAST(:id AS uuid))
    ORDER BY i.tenant, i.id
    LIMIT :limit
    FOR SHARE
"""


async def share_invitations(uow: UnitOfWork, after: Cursor | None, limit: int) -> Sequence[Row[Any]]:
    """The next invitations behind a cursor, locked against change."""
    return (await uow.execute(SHARE_INVITATIONS, _page(after, limit))).all()


def _page(after: Cursor | None, limit: int) -> dict[str, Any]:
    tenant, last = after or (None, None)
    return {"tenant": tenant, "id": last, "limit": limit}
