"""``invitation``: one row for each customer who is asked, with the state of its mail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import json
from sqlalchemy import Row

from services.dispatcher.decisions.contacts import ContactKey, quarantine_keys
from services.dispatcher.decisions.counter_events import order_of
from services.dispatcher.decisions.repository.open_cases import OPEN_CASE
from services.dispatcher.models import invitation
from services.dispatcher.repository.first_days import BEGAN
from services.dispatcher.senders.repository import USED_SENDER
from services.dispatcher.surveys.repository import RULES as SURVEY_RULES
from shared.db import UnitOfWork
from shared.db.bulk import insert as insert_rows
from shared.events import INVITATIONS, Invitation
from shared.events.surveys import ChannelName
from shared.outbound import NewDelivery, claim_sql, deliveries
from shared.tenancy.closed import RUNS

COLUMNS = (
    "i.tenant, i.id, i.version, i.event_id, i.customer_id, i.survey_id, i.state, i.reason, i.test, "
    "i.sent_at, i.anonymous, i.changed_at, i.body"
)
NOT_STOPPED = f"w.tenant NOT IN (SELECT tenant FROM sending WHERE stopped) AND w.tenant {RUNS}"
"""A condition on a delivery ``w``: its tenant runs, and has not stopped all sending."""
MAX_WAITING_COUNTED = 10_000
"""Pages say of more mails that they are more than so many."""


async def insert(
    uow: UnitOfWork, invitations: Sequence[tuple[str, Invitation]], channels: Sequence[ChannelName]
) -> int:
    """Store new invitations, each given with its tenant, and queue them; returns how many were new.

    :param channels: by which each of them asks.
    """
    inserted = await insert_rows(
        uow,
        invitation,
        [each for _, each in invitations],
        tenant=[tenant for tenant, _ in invitations],
        customer_id=[each.customer.id for _, each in invitations],
        next_at=[each.due_at for _, each in invitations],
        changed_at=uow.now,
        order_id=[order_of(each.attributes) for _, each in invitations],
        body=[json.encode(each) for _, each in invitations],
    )
    await deliveries.add(
        uow,
        [
            NewDelivery(tenant=tenant, about_id=each.id, kind="first", channel=channel, due_at=each.due_at)
            for (tenant, each), channel in zip(invitations, channels, strict=True)
            if each.state == "waiting"
        ],
    )
    return inserted.rowcount


# A first mail leaves while its invitation waits for it; a reminder is planned once that was sent. The
# invitation has been published when none of its rows is left in the outbox: row and outbox row were
# committed together, and the relay deletes only what the broker has acknowledged. A subquery with coalesce,
# not NOT EXISTS: it is evaluated for the rows in their order, and so only until one is found. The
# conditions are on the delivery where they can be: a row that may not leave is not joined to its invitation.
CLAIM = claim_sql(
    columns="i.version, i.state, i.reason, i.sent_at, i.body",
    joined="JOIN invitation i ON i.tenant = w.tenant AND i.id = w.about_id",
    locked="i",
    may_leave=f"""(i.state = 'waiting' OR w.kind = 'reminder')
                AND {NOT_STOPPED}
                AND coalesce((
                    SELECT false FROM outbox o
                    WHERE o.topic = '{INVITATIONS.name}'
                        AND o.key = convert_to(w.tenant || '/' || CAST(w.about_id AS text), 'UTF8')
                    LIMIT 1
                ), true)""",
)
"""A delivery that is due, whose invitation is published, and whose tenant is not stopped."""


FIND_SENDING_INPUTS = f"""
    SELECT s.id, s.survey_version, s.name, {SURVEY_RULES}, s.first_live_at,
        {BEGAN} AS first_day_began_at,
        w.measurement, w.default_language, w.texts, v.texts AS words, v.layout,
        v.neutral AS words_neutral, v.incentive AS words_incentive,
        (
            SELECT max(c.asked_elsewhere_at) FROM customer c
            WHERE c.tenant = n.tenant AND c.id = ANY(CAST(:keys AS text[]))
        ) AS asked_elsewhere_at,
        (
            SELECT max(o.asked_at) FROM asked o
            LEFT JOIN invitation i ON i.tenant = o.tenant AND i.id = o.id
            WHERE o.tenant = n.tenant AND o.contact = ANY(CAST(:keys AS text[])) AND NOT o.elsewhere
                AND (p.ids_are_shared IS NOT TRUE OR o.contact <> :customer_id OR o.contact = :contact)
                AND i.state IS DISTINCT FROM 'waiting'
        ) AS left_at,
        ARRAY(
            SELECT c.last_mail FROM customer c
            WHERE c.tenant = n.tenant AND c.id = ANY(CAST(:keys AS text[])) AND c.last_mail IS NOT NULL
        ) AS last_mails,
        t.body AS tenant_body,
        CAST(p.quiet_hours AS text) AS quiet_hours, p.sundays, p.holidays, p.cap_hours,
        p.sms_sundays, p.sms_holidays,
        CAST(p.counter_events AS text) AS counter_events, CAST(p.countries AS text) AS countries,
        p.relational_distance_days, p.ask_with_open_case, p.ids_are_shared, p.fewer_months,
        k.id AS case_id, k.number AS case_number, k.untouched AS case_untouched,
        EXISTS (
            SELECT FROM asked o
            LEFT JOIN invitation i ON i.tenant = o.tenant AND i.id = o.id
            WHERE o.tenant = n.tenant AND o.contact = ANY(CAST(:keys AS text[]))
                AND o.measurement = 'relational'
                AND (i.state = 'waiting' OR o.asked_at > CAST(:now AS timestamptz) - interval '2 days')
                AND (p.ids_are_shared IS NOT TRUE OR o.contact <> :customer_id OR o.contact = :contact)
        ) AS relational_asks,
        f.locale, f.country, f.time_zone, CAST(f.bases AS text) AS bases,
        own.sender_id, own.sender_address, own.sender_selector, own.sender_sealed,
        ARRAY(
            SELECT x.reason FROM suppression x
            WHERE x.tenant = n.tenant AND (
                x.kind = 'customer' AND x.key = :customer_id
                OR x.kind = 'address' AND (
                    x.key IN (:address, :number) OR NOT x.canonical AND x.key = ANY(CAST(:earlier AS text[]))
                )
            )
        ) AS reasons,
        q.paused_until, q.months, q.refused_channels
    FROM (SELECT CAST(:tenant AS text), CAST(:survey_id AS uuid)) AS n(tenant, survey_id)
    LEFT JOIN survey s ON s.tenant = n.tenant AND s.id = n.survey_id
    LEFT JOIN survey_words w
        ON w.tenant = s.tenant AND w.survey_id = s.id AND w.survey_version = s.survey_version
    LEFT JOIN survey_words v
        ON v.tenant = n.tenant AND v.survey_id = n.survey_id AND v.survey_version = :survey_version
    LEFT JOIN tenant t ON t.id = n.tenant
    LEFT JOIN contact_policy p ON p.tenant = n.tenant
    LEFT JOIN customer_profile f ON f.tenant = n.tenant AND f.person = :person
    LEFT JOIN LATERAL ({USED_SENDER.format(tenant="n.tenant")}) own ON true
    LEFT JOIN LATERAL {OPEN_CASE} k ON true
    CROSS JOIN LATERAL (
        SELECT max(y.paused_until) AS paused_until, max(y.months) AS months,
            coalesce(array_agg(y.channel) FILTER (WHERE y.channel IS NOT NULL), '{{}}') AS refused_channels
        FROM contact_preference y
        WHERE y.tenant = n.tenant AND (
            y.kind = 'customer' AND y.key = :customer_id
            OR y.kind = 'address' AND y.key IN (:address, :number)
        )
    ) q
"""


async def find_sending_inputs(
    uow: UnitOfWork, contact: ContactKey, person: str, survey_id: UUID, survey_version: int
) -> Row[Any]:
    """Everything that a mail which is about to leave depends on, in one query.

    The survey as it is now (its ``id`` is None when it is gone), the ``words`` and the ``layout`` of the
    invitation's own version, with whether these words are neutral and rewarded (None: it was not kept), the
    ``reasons`` for which the contact is suppressed, by its id or by its address, what was chosen for either
    (``paused_until``, ``months``, ``refused_channels``), when another system asked,
    when the last mail of ours left that asked the contact (``left_at``) and which messages to it left last,
    the tenant, its rules about contacts (``quiet_hours`` is None when it has set none), what is known of the
    person, the open case about the person or the address (``case_id`` is None when there is none), whether a
    relational mail to the contact waits or was due within two days, so perhaps
    on this one, and the company's own sender (its ``sender_id`` is None where none may be used).
    """
    rows = await uow.execute(
        FIND_SENDING_INPUTS,
        {
            "tenant": contact.tenant,
            "survey_id": survey_id,
            "survey_version": survey_version,
            "customer_id": contact.customer_id,
            "person": person,
            "contact": contact.key,
            "address": contact.address,
            "number": contact.number,
            "earlier": list(contact.earlier),
            "keys": list(quarantine_keys(contact)),
            "now": uow.now,
        },
    )
    return rows.one()


MOVE = """
    UPDATE invitation
    SET state = :state, version = version + 1, reason = :reason,
        next_at = coalesce(CAST(:next_at AS timestamptz), next_at), sent_at = :sent_at, changed_at = :now,
        expires_at = :expires_at,
        body = coalesce(CAST(:body AS bytea), body)
    WHERE tenant = :tenant AND id = :id AND version = :version
    RETURNING version
"""


async def move(
    uow: UnitOfWork,
    tenant: str,
    moved: Invitation,
    next_at: datetime | None,
    body: bytes | None = None,
) -> bool:
    """Write the state of an invitation over that of the version before; False if that is no longer there.

    :param body: where more than its state has changed.
    """
    rows = await uow.execute(
        MOVE,
        {
            "tenant": tenant,
            "id": moved.id,
            "version": moved.version - 1,
            "state": moved.state,
            "reason": moved.reason,
            "next_at": next_at,
            "body": body,
            "sent_at": moved.sent_at,
            "expires_at": moved.expires_at,
            "now": uow.now,
        },
    )
    return rows.one_or_none() is not None


FIND_INVITATION = f"""
    SELECT {COLUMNS}, d.attempts, coalesce(d.due_at, i.next_at) AS due_at
    FROM invitation i
    LEFT JOIN delivery d ON d.tenant = i.tenant AND d.about_id = i.id AND d.n = 1
    WHERE i.tenant = :tenant AND i.id = :id
"""


async def find(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> Row[Any] | None:
    """One invitation of a tenant, with the tries of its first delivery and when that is due."""
    return (await uow.execute(FIND_INVITATION, {"tenant": tenant, "id": invitation_id})).one_or_none()


LOCK = f"""
    SELECT {COLUMNS} FROM invitation i WHERE i.tenant = :tenant AND i.id = :id FOR UPDATE
"""


async def lock(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> Row[Any] | None:
    """Lock an invitation, so that it is still as it was read when it is moved on."""
    return (await uow.execute(LOCK, {"tenant": tenant, "id": invitation_id})).one_or_none()


FIND_BY_ID = f"""
    SELECT {COLUMNS} FROM invitation i WHERE i.id = :id
"""


async def find_by_id(uow: UnitOfWork, invitation_id: UUID) -> Row[Any] | None:
    """The invitation of a customer's signed link: it is the link that leads to the tenant."""
    return (await uow.execute(FIND_BY_ID, {"id": invitation_id})).one_or_none()


COUNT_WAITING = """
    SELECT count(*) FROM (
        SELECT 1
        FROM (
            SELECT tenant, event_id, survey_id FROM invitation WHERE tenant = :tenant AND state = 'waiting'
            UNION ALL
            SELECT r.tenant, i.event_id, i.survey_id
            FROM delivery r
            JOIN invitation i ON i.tenant = r.tenant AND i.id = r.about_id
            WHERE r.tenant = :tenant AND r.kind = 'reminder' AND r.state = 'waiting'
        ) i
        WHERE (CAST(:survey_id AS uuid) IS NULL OR i.survey_id = :survey_id)
            AND (
                CAST(:allowed AS text[]) = '{}'
                OR EXISTS (
                    SELECT 1 FROM decision d
                    WHERE d.tenant = i.tenant AND d.event_id = i.event_id
                        AND d.segments && CAST(:allowed AS text[])
                )
            )
        LIMIT :limit
    ) w
"""


async def count_waiting(
    uow: UnitOfWork, tenant: str, allowed: Sequence[str], survey_id: UUID | None = None
) -> int:
    """How many mails wait, of one survey where one is given; at most ``MAX_WAITING_COUNTED`` + 1.

    Reminders are counted, too. ``allowed``: of these segments only; of all, when there are none.
    """
    rows = await uow.execute(
        COUNT_WAITING,
        {
            "tenant": tenant,
            "survey_id": survey_id,
            "allowed": list(allowed),
            "limit": MAX_WAITING_COUNTED + 1,
        },
    )
    return int(rows.scalar_one())


PLACE_INVITATIONS = """
    WITH found AS MATERIALIZED (
        SELECT i.tenant, i.id FROM invitation i
        WHERE i.decided_at IS NULL
        LIMIT :limit
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE invitation i SET decided_at = coalesce(
        (SELECT d.decided_at FROM decision d WHERE d.tenant = i.tenant AND d.invitation_id = i.id LIMIT 1),
        i.changed_at
    )
    FROM found f
    WHERE i.tenant = f.tenant AND i.id = f.id
"""


async def place(uow: UnitOfWork, limit: int) -> int:
    """Write when they were decided into invitations that an earlier version stored; returns how many.

    One whose decision is deleted gets any time: it is not found by the search in any case.
    """
    return (await uow.execute(PLACE_INVITATIONS, {"limit": limit})).rowcount
