"""What is taken back from the topics after a restore, and paged through to be said again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.invitations.repository import _COLUMNS
from shared.db import UnitOfWork
from shared.events import Event, Invitation, Survey, Transaction
from shared.kafka.ops.recovery import Cursor

UNREAD = "unread"
"""Digest of a decision whose transaction has not been read again yet."""


async def put_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Take back those that are newer than ours. What was not said of a survey that we do not
    know stands at its default, and the survey pauses until somebody has looked at it.
    """
    await uow.execute(
        "INSERT INTO survey AS s (tenant, id, version, survey_version, name, trigger, state, delay_minutes, "
        "quarantine_days, link_days, max_age_days, place, created_at, changed_at) "
        "SELECT n.tenant, n.id, n.version, n.survey_version, n.name, n.trigger, "
        "CASE WHEN coalesce(n.delay_minutes, o.delay_minutes) IS NULL THEN 'paused' ELSE n.state END, "
        "coalesce(n.delay_minutes, o.delay_minutes, 1440), "
        "coalesce(n.quarantine_days, o.quarantine_days, 90), coalesce(n.link_days, o.link_days, 30), "
        "coalesce(n.max_age_days, o.max_age_days, 7), coalesce(n.place, o.place, 1000), "
        "n.changed_at, n.changed_at FROM unnest(CAST(:tenants AS text[]), "
        "CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), CAST(:words AS int[]), CAST(:names AS text[]), "
        "CAST(:triggers AS text[]), CAST(:states AS text[]), CAST(:delays AS int[]), "
        "CAST(:quarantines AS int[]), CAST(:links AS int[]), CAST(:ages AS int[]), CAST(:places AS int[]), "
        "CAST(:times AS timestamptz[])) AS n(tenant, id, version, survey_version, name, trigger, state, "
        "delay_minutes, quarantine_days, link_days, max_age_days, place, changed_at) "
        "LEFT JOIN survey o ON o.tenant = n.tenant AND o.id = n.id ORDER BY n.tenant, n.id "
        "ON CONFLICT (tenant, id) DO UPDATE SET version = EXCLUDED.version, "
        "survey_version = EXCLUDED.survey_version, name = EXCLUDED.name, trigger = EXCLUDED.trigger, "
        "state = EXCLUDED.state, delay_minutes = EXCLUDED.delay_minutes, "
        "quarantine_days = EXCLUDED.quarantine_days, link_days = EXCLUDED.link_days, "
        "max_age_days = EXCLUDED.max_age_days, place = EXCLUDED.place, changed_at = EXCLUDED.changed_at "
        "WHERE s.version < EXCLUDED.version",
        {
            "tenants": [event.tenant for event in events],
            "ids": [event.data.id for event in events],
            "versions": [event.data.version for event in events],
            "words": [event.data.survey_version for event in events],
            "names": [event.data.name for event in events],
            "triggers": [event.data.trigger for event in events],
            "states": [event.data.state for event in events],
            "delays": [event.data.delay_minutes for event in events],
            "quarantines": [event.data.quarantine_days for event in events],
            "links": [event.data.link_days for event in events],
            "ages": [event.data.max_age_days for event in events],
            "places": [event.data.place for event in events],
            "times": [event.data.changed_at for event in events],
        },
    )


async def put_words(uow: UnitOfWork, said: Sequence[tuple[Event[Survey], bytes]]) -> None:
    """Take back words that we do not have; a version of words never changes."""
    await uow.execute(
        "INSERT INTO survey_words (tenant, survey_id, survey_version, measurement, default_language, texts, "
        "written_at) SELECT n.* FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), "
        "CAST(:versions AS int[]), CAST(:measurements AS text[]), CAST(:languages AS text[]), "
        "CAST(:texts AS bytea[]), CAST(:times AS timestamptz[])) AS n(tenant, id, version) "
        "WHERE EXISTS (SELECT FROM survey s WHERE s.tenant = n.tenant AND s.id = n.id) "
        "ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING",
        {
            "tenants": [event.tenant for event, _ in said],
            "ids": [event.data.id for event, _ in said],
            "versions": [event.data.survey_version for event, _ in said],
            "measurements": [event.data.measurement for event, _ in said],
            "languages": [event.data.default_language for event, _ in said],
            "texts": [texts for _, texts in said],
            "times": [event.data.changed_at for event, _ in said],
        },
    )


async def put_sending(uow: UnitOfWork, said: Sequence[tuple[str, Survey]]) -> None:
    """How these tenants sent when they said so last."""
    await uow.execute(
        "INSERT INTO sending AS s (tenant, mode, stopped, changed_at) SELECT * FROM unnest("
        "CAST(:tenants AS text[]), CAST(:modes AS text[]), CAST(:stopped AS boolean[]), "
        "CAST(:times AS timestamptz[])) ORDER BY 1 ON CONFLICT (tenant) DO UPDATE SET mode = EXCLUDED.mode, "
        "stopped = EXCLUDED.stopped, changed_at = EXCLUDED.changed_at "
        "WHERE s.changed_at < EXCLUDED.changed_at",
        {
            "tenants": [tenant for tenant, _ in said],
            "modes": ["test" if survey.test else "live" for _, survey in said],
            "stopped": [survey.stopped for _, survey in said],
            "times": [survey.changed_at for _, survey in said],
        },
    )


async def put_invitations(
    uow: UnitOfWork, said: Sequence[tuple[Event[Invitation], bytes]]
) -> set[tuple[str, UUID]]:
    """Take back those that are newer than ours; which of them we did not have at all."""
    found = await uow.execute(
        "INSERT INTO invitation AS i (tenant, id, version, event_id, customer_id, survey_id, state, reason, "
        "test, next_at, sent_at, changed_at, body) SELECT tenant, id, version, event_id, customer_id, "
        "survey_id, state, reason, test, next_at, sent_at, CAST(:now AS timestamptz), body FROM unnest("
        "CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), "
        "CAST(:events AS uuid[]), CAST(:customers AS text[]), CAST(:surveys AS uuid[]), "
        "CAST(:states AS text[]), CAST(:reasons AS text[]), CAST(:tests AS boolean[]), "
        "CAST(:due AS timestamptz[]), CAST(:sent AS timestamptz[]), CAST(:bodies AS bytea[])) AS n(tenant, "
        "id, version, event_id, customer_id, survey_id, state, reason, test, next_at, sent_at, body) "
        "ORDER BY tenant, id ON CONFLICT (tenant, id) DO UPDATE SET version = EXCLUDED.version, "
        "state = EXCLUDED.state, reason = EXCLUDED.reason, next_at = EXCLUDED.next_at, lease_until = NULL, "
        "sent_at = EXCLUDED.sent_at, changed_at = EXCLUDED.changed_at WHERE i.version < EXCLUDED.version "
        "RETURNING new.tenant AS tenant, new.id AS id, old.id AS known",
        {
            "now": uow.now,
            "tenants": [event.tenant for event, _ in said],
            "ids": [event.data.id for event, _ in said],
            "versions": [event.data.version for event, _ in said],
            "events": [event.data.event_id for event, _ in said],
            "customers": [event.data.customer.id for event, _ in said],
            "surveys": [event.data.survey_id for event, _ in said],
            "states": [event.data.state for event, _ in said],
            "reasons": [event.data.reason for event, _ in said],
            "tests": [event.data.test for event, _ in said],
            "due": [event.data.due_at for event, _ in said],
            "sent": [event.data.sent_at for event, _ in said],
            "bodies": [body for _, body in said],
        },
    )
    return {(row.tenant, row.id) for row in found if row.known is None}


async def put_decisions(
    uow: UnitOfWork, invited: Sequence[tuple[Event[Invitation], bytes, bytes]], segments: Sequence[str]
) -> None:
    """The decisions that these invitations came of, with their facts and grounds; the source is not said with
    them. ``segments`` are joined by U+001F: arrays do not nest.
    """
    await uow.execute(
        "INSERT INTO decision (tenant, event_id, decided_at, source, source_id, customer_id, digest, reason, "
        "survey_id, invitation_id, segments, facts, grounds) SELECT tenant, event_id, decided_at, "
        "'restored', CAST(event_id AS text), customer_id, :unread, 'invited', survey_id, invitation_id, "
        "string_to_array(segments, E'\\x1f'), facts, grounds FROM unnest(CAST(:tenants AS text[]), "
        "CAST(:events AS uuid[]), CAST(:times AS timestamptz[]), CAST(:customers AS text[]), "
        "CAST(:surveys AS uuid[]), CAST(:ids AS uuid[]), CAST(:segments AS text[]), CAST(:facts AS bytea[]), "
        "CAST(:grounds AS bytea[])) AS n(tenant, event_id, decided_at, customer_id, survey_id, "
        "invitation_id, segments, facts, grounds) ORDER BY n.tenant, n.event_id ON CONFLICT DO NOTHING",
        {
            "unread": UNREAD,
            "tenants": [event.tenant for event, _, _ in invited],
            "events": [event.data.event_id for event, _, _ in invited],
            "times": [event.data.decided_at for event, _, _ in invited],
            "customers": [event.data.customer.id for event, _, _ in invited],
            "surveys": [event.data.survey_id for event, _, _ in invited],
            "ids": [event.data.id for event, _, _ in invited],
            "segments": list(segments),
            "facts": [facts for _, facts, _ in invited],
            "grounds": [grounds for _, _, grounds in invited],
        },
    )


async def complete_decisions(uow: UnitOfWork, heard: Sequence[tuple[Event[Transaction], bytes]]) -> None:
    """What only the transaction knows: by which source and id the back-end asks for it, and its digest."""
    await uow.execute(
        "UPDATE decision d SET source = n.source, source_id = n.source_id, digest = n.digest, "
        "facts = n.facts FROM unnest(CAST(:tenants AS text[]), CAST(:events AS uuid[]), "
        "CAST(:sources AS text[]), "
        "CAST(:source_ids AS text[]), CAST(:digests AS text[]), CAST(:facts AS bytea[])) "
        "AS n(tenant, event_id, source, source_id, digest, facts) "
        "WHERE d.tenant = n.tenant AND d.event_id = n.event_id AND d.digest = :unread",
        {
            "unread": UNREAD,
            "tenants": [event.tenant for event, _ in heard],
            "events": [event.data.event_id for event, _ in heard],
            "sources": [event.data.source for event, _ in heard],
            "source_ids": [event.data.id for event, _ in heard],
            "digests": [event.data.digest for event, _ in heard],
            "facts": [facts for _, facts in heard],
        },
    )


async def perhaps_sent(uow: UnitOfWork, most: int) -> Sequence[Row[Any]]:
    """Lock those that a younger state of this database may have sent."""
    found = await uow.execute(
        f"SELECT {_COLUMNS} FROM invitation i WHERE i.state = 'sending' OR i.state = 'waiting' "
        "AND i.next_at <= :now ORDER BY i.tenant, i.id LIMIT :most FOR UPDATE",
        {"now": uow.now, "most": most},
    )
    return found.all()


async def lock_surveys(uow: UnitOfWork, after: Cursor | None, most: int) -> Sequence[Row[Any]]:
    """The next surveys behind a cursor."""
    found = await uow.execute(
        "SELECT s.tenant, s.id FROM survey s WHERE CAST(:tenant AS text) IS NULL "
        "OR (s.tenant, s.id) > (:tenant, CAST(:id AS uuid)) ORDER BY s.tenant, s.id LIMIT :most FOR SHARE",
        {**_from(after), "most": most},
    )
    return found.all()


async def lock_invitations(uow: UnitOfWork, after: Cursor | None, most: int) -> Sequence[Row[Any]]:
    """The next invitations behind a cursor."""
    found = await uow.execute(
        f"SELECT {_COLUMNS} FROM invitation i WHERE CAST(:tenant AS text) IS NULL "
        "OR (i.tenant, i.id) > (:tenant, CAST(:id AS uuid)) ORDER BY i.tenant, i.id LIMIT :most FOR SHARE",
        {**_from(after), "most": most},
    )
    return found.all()


def _from(after: Cursor | None) -> dict[str, Any]:
    tenant, last = after or (None, None)
    return {"tenant": tenant, "id": last}
