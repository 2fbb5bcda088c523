"""Invitations and their way to the customer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.contacts import ContactKey, keys_of
from shared.db import UnitOfWork
from shared.events import INVITATIONS

_COLUMNS = (
    "i.tenant, i.id, i.version, i.event_id, i.customer_id, i.survey_id, i.state, i.reason, i.test, "
    "i.attempts, i.refusals, "
    "i.next_at, i.lease_until, i.sent_at, i.changed_at, i.body"
)


async def insert(uow: UnitOfWork, columns: dict[str, list[Any]]) -> None:
    """Write new invitations."""
    await uow.execute(
        "INSERT INTO invitation (tenant, id, version, event_id, customer_id, survey_id, state, test, "
        "next_at, "
        "changed_at, body) SELECT tenant, id, 1, event_id, customer_id, survey_id, state, test, next_at, "
        ":now, "
        "body FROM unnest(CAST(:tenant AS text[]), CAST(:id AS uuid[]), CAST(:event_id AS uuid[]), "
        "CAST(:customer_id AS text[]), CAST(:survey_id AS uuid[]), CAST(:state AS text[]), "
        "CAST(:test AS boolean[]), CAST(:next_at AS timestamptz[]), CAST(:body AS bytea[])) AS n(tenant, id, "
        "event_id, customer_id, survey_id, state, test, next_at, body) ORDER BY tenant, id",
        {**columns, "now": uow.now},
    )


async def claim(uow: UnitOfWork) -> Row[Any] | None:
    """Lock one delivery that is due, whose tenant is not stopped, and which everybody else knows of.

    The invitation has been said when none of its rows is left in the outbox: row and outbox row were
    committed together, and the relay deletes only what the broker has acknowledged. A subquery with coalesce,
    not NOT EXISTS: it is asked for the rows in their order, and so only until one is found.
    """
    found = await uow.execute(
        f"SELECT {_COLUMNS} FROM invitation i WHERE i.state = 'waiting' AND i.next_at <= :now "
        "AND NOT coalesce((SELECT s.stopped FROM sending s WHERE s.tenant = i.tenant), false) "
        f"AND coalesce((SELECT false FROM outbox o WHERE o.topic = '{INVITATIONS.name}' "
        "AND o.key = convert_to(i.tenant || '/' || CAST(i.id AS text), 'UTF8') LIMIT 1), true) "
        "ORDER BY i.next_at LIMIT 1 FOR UPDATE OF i SKIP LOCKED",
        {"now": uow.now},
    )
    return found.one_or_none()


async def around(
    uow: UnitOfWork,
    tenant: str,
    *,
    survey_id: UUID,
    survey_version: int,
    contact: ContactKey,
) -> Row[Any]:
    """All that a mail which is about to leave depends on, in one look: the survey as it stands (its ``id`` is
    none when it is gone), ``words`` of the invitation's own version, the ``reasons`` for which the contact
    is suppressed, by its id or by its address, when another system asked, and the tenant.
    """
    found = await uow.execute(
        "SELECT s.id, s.survey_version, s.name, s.trigger, s.delay_minutes, s.quarantine_days, s.link_days, "
        "s.max_age_days, s.state, w.measurement, w.default_language, w.texts, v.texts AS words, "
        "(SELECT max(c.asked_elsewhere_at) FROM customer c WHERE c.tenant = n.tenant "
        "AND c.id = ANY(CAST(:keys AS text[]))) AS asked_elsewhere_at, "
        "t.body AS tenant_body, ARRAY(SELECT x.reason FROM suppression x "
        "WHERE x.tenant = n.tenant AND (x.kind = 'customer' AND x.key = :customer_id "
        "OR x.kind = 'address' AND (x.key = :address OR NOT x.canonical AND x.key = ANY("
        "CAST(:earlier AS text[]))))) AS reasons "
        "FROM (SELECT CAST(:tenant AS text), CAST(:survey_id AS uuid)) AS n(tenant, survey_id) "
        "LEFT JOIN survey s ON s.tenant = n.tenant AND s.id = n.survey_id "
        "LEFT JOIN survey_words w ON w.tenant = s.tenant AND w.survey_id = s.id "
        "AND w.survey_version = s.survey_version "
        "LEFT JOIN survey_words v ON v.tenant = n.tenant AND v.survey_id = n.survey_id "
        "AND v.survey_version = :survey_version "
        "LEFT JOIN tenant t ON t.id = n.tenant",
        {
            "tenant": tenant,
            "survey_id": survey_id,
            "survey_version": survey_version,
            "customer_id": contact.customer_id,
            "address": contact.address,
            "earlier": list(contact.earlier),
            "keys": list(keys_of(contact)),
        },
    )
    return found.one()


async def move(
    uow: UnitOfWork, tenant: str, invitation_id: UUID, version: int, state: str, *, reason: str | None = None,
    next_at: datetime | None = None, lease_until: datetime | None = None, sent_at: datetime | None = None,
    tried: bool = False, refused: bool = False,
) -> bool:  # fmt: skip
    """Move one delivery on from the version we saw; False when somebody else has moved it."""
    moved = await uow.execute(
        "UPDATE invitation SET state = :state, version = version + 1, reason = :reason, "
        "next_at = coalesce(CAST(:next_at AS timestamptz), next_at), lease_until = :lease_until, "
        "sent_at = :sent_at, attempts = attempts + CAST(:tried AS integer), "
        "refusals = refusals + CAST(:refused AS integer), changed_at = :now "
        "WHERE tenant = :tenant AND id = :id AND version = :version RETURNING version",
        {
            "tenant": tenant,
            "id": invitation_id,
            "version": version,
            "state": state,
            "reason": reason,
            "next_at": next_at,
            "lease_until": lease_until,
            "sent_at": sent_at,
            "tried": int(tried),
            "refused": int(refused),
            "now": uow.now,
        },
    )
    return moved.one_or_none() is not None


async def forsaken(uow: UnitOfWork, most: int) -> Sequence[Row[Any]]:
    """Lock those whose sender has not reported within its lease."""
    found = await uow.execute(
        f"SELECT {_COLUMNS} FROM invitation i WHERE i.state = 'sending' AND i.lease_until < :now "
        "ORDER BY i.tenant, i.id LIMIT :most FOR UPDATE SKIP LOCKED",
        {"now": uow.now, "most": most},
    )
    return found.all()


async def on_their_way(uow: UnitOfWork) -> Row[Any]:
    """How many are due, for how long the oldest of them is, and how many are being sent: of all tenants but
    those that have stopped all sending.
    """
    found = await uow.execute(
        "SELECT count(*) FILTER (WHERE state = 'waiting') AS due, "
        "count(*) FILTER (WHERE state = 'sending') AS sending, "
        "min(next_at) FILTER (WHERE state = 'waiting') AS oldest FROM ("
        "SELECT state, next_at FROM invitation WHERE state = 'waiting' AND next_at <= :now "
        "AND tenant NOT IN (SELECT tenant FROM sending WHERE stopped) "
        "UNION ALL SELECT state, next_at FROM invitation WHERE state = 'sending') i",
        {"now": uow.now},
    )
    return found.one()


async def find(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> Row[Any] | None:
    """One invitation."""
    found = await uow.execute(
        f"SELECT {_COLUMNS} FROM invitation i WHERE i.tenant = :tenant AND i.id = :id",
        {"tenant": tenant, "id": invitation_id},
    )
    return found.one_or_none()


async def find_by_id(uow: UnitOfWork, invitation_id: UUID) -> Row[Any] | None:
    """The invitation that a signed link speaks for: the link is what tells us the tenant."""
    found = await uow.execute(f"SELECT {_COLUMNS} FROM invitation i WHERE i.id = :id", {"id": invitation_id})
    return found.one_or_none()
