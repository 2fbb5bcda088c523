"""``decision``: one row for each event."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import json
from sqlalchemy import Row

from services.dispatcher.decisions.explanation import Explanation, encode_facts
from services.dispatcher.decisions.scopes import stored_segment
from services.dispatcher.models import decision
from shared.db import UnitOfWork
from shared.db.bulk import insert as insert_rows
from shared.events import Invitation, Transaction
from shared.events.segments import Segmented, segments_of
from shared.events.transactions import OWN_SOURCES, OWN_TURNS
from shared.privacy.subjects import Subject

COLUMNS = (
    "d.event_id, d.decided_at, d.source, d.source_id, d.customer_id, d.person, d.reason, d.survey_id, "
    "d.invitation_id, d.segments, d.facts, d.grounds, d.difference, d.difference_at, "
    "d.relational_event_id, d.outranking_event_id"
)


class NewDecision(NamedTuple):
    """A decision that is to be stored."""

    tenant: str
    event_id: UUID
    transaction: Transaction
    customer_id: str
    person: str
    contact_key: str | None
    reason: str
    explanation: Explanation
    invitation: Invitation | None

    @property
    def survey_id(self) -> UUID | None:
        """The survey that asks."""
        return self.invitation.survey_id if self.invitation is not None else None

    @property
    def fallen(self) -> list[str] | None:
        """The surveys that do not ask, each with the rule by which it fell; None: there is none."""
        return [
            fallen_by(each.survey_id, each.why)
            for each in self.explanation.considered
            if each.why != "invited"
        ] or None

    @property
    def channel(self) -> str | None:
        """By which it asks, where that is not by mail."""
        return other_channel(self.invitation) if self.invitation is not None else None

    @property
    def invitation_id(self) -> UUID | None:
        """The invitation that came of it."""
        return self.invitation.id if self.invitation is not None else None


def fallen_by(survey_id: UUID, rule: str) -> str:
    """A survey that does not ask by this rule, as a decision keeps and finds it."""
    return f"{survey_id}/{rule}"


def other_channel(invitation: Invitation) -> str | None:
    """The channel by which an invitation asks, where that is not mail."""
    return invitation.channel if invitation.channel != "mail" else None


FIND_DIGESTS = """
    SELECT d.tenant, d.event_id, d.digest
    FROM decision d
    JOIN unnest(CAST(:tenants AS text[]), CAST(:event_ids AS uuid[])) AS n(tenant, event_id)
        USING (tenant, event_id)
"""


async def find_digests(uow: UnitOfWork, identities: Collection[tuple[str, UUID]]) -> Sequence[Row[Any]]:
    """Which of these (tenant, event id) have been decided, with the digest of what was decided on."""
    rows = await uow.execute(
        FIND_DIGESTS,
        {
            "tenants": [tenant for tenant, _ in identities],
            "event_ids": [event_id for _, event_id in identities],
        },
    )
    return rows.all()


async def insert(uow: UnitOfWork, decisions: Sequence[NewDecision]) -> int:
    """Store the decisions; returns how many were new."""
    inserted = await insert_rows(
        uow,
        decision,
        decisions,
        decided_at=uow.now,
        source=[each.transaction.source for each in decisions],
        source_id=[each.transaction.id for each in decisions],
        digest=[each.transaction.digest for each in decisions],
        segments=[stored_segments(each.invitation or each.transaction) for each in decisions],
        facts=[encode_facts(each.transaction) for each in decisions],
        grounds=[json.encode(each.explanation) for each in decisions],
    )
    return inserted.rowcount


def stored_segments(thing: Segmented) -> list[str]:
    """A thing's segments beside the company.

    An invitation may have one more than its event: the touchpoint of its survey.
    """
    return [stored_segment(segment) for segment in segments_of(thing)[1:]]


STORE_DIFFERENCES = """
    UPDATE decision d
    SET difference = n.facts, difference_at = :now, difference_person = n.person,
        difference_contact = n.contact
    FROM (
        SELECT * FROM unnest(
            CAST(:tenants AS text[]), CAST(:event_ids AS uuid[]), CAST(:facts AS bytea[]),
            CAST(:persons AS text[]), CAST(:contacts AS text[])
        ) AS u(tenant, event_id, facts, person, contact)
        ORDER BY 1, 2
    ) n
    WHERE d.tenant = n.tenant AND d.event_id = n.event_id AND d.difference IS NULL
"""


async def store_differences(
    uow: UnitOfWork, differing: Mapping[tuple[str, UUID], tuple[Transaction, Subject]]
) -> None:
    """Store what came under a decided (tenant, event id) with other content, each given with whose it is; the
    first difference stays.
    """
    await uow.execute(
        STORE_DIFFERENCES,
        {
            "tenants": [tenant for tenant, _ in differing],
            "event_ids": [event_id for _, event_id in differing],
            "facts": [encode_facts(transaction) for transaction, _ in differing.values()],
            "persons": [whose.person for _, whose in differing.values()],
            "contacts": [whose.contact or "" for _, whose in differing.values()],
            "now": uow.now,
        },
    )


FIND_DECISION = f"""
    SELECT {COLUMNS} FROM decision d WHERE d.tenant = :tenant AND d.event_id = :event_id
"""


async def find(uow: UnitOfWork, tenant: str, event_id: UUID) -> Row[Any] | None:
    """One event's decision, by the id that its page has."""
    rows = await uow.execute(FIND_DECISION, {"tenant": tenant, "event_id": event_id})
    return rows.one_or_none()


OF_CLIENTS = " AND ".join(f"d.source NOT LIKE '{source}%'" for source in OWN_TURNS)
"""Events of waves, programmes and re-asks are not among them."""
LIST_BY_SOURCE_ID = f"""
    SELECT {COLUMNS}, i.state, i.version, i.reason AS mail_reason, i.next_at
    FROM decision d
    LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id
    WHERE d.tenant = :tenant AND d.source_id = :source_id
        AND (CAST(:source AS text) IS NULL OR d.source = :source)
        AND (NOT CAST(:clients_only AS boolean) OR {OF_CLIENTS})
        AND (cardinality(CAST(:allowed AS text[])) = 0 OR d.segments && CAST(:allowed AS text[]))
        AND (CAST(:after AS uuid) IS NULL OR d.event_id > :after)
    ORDER BY d.event_id
    LIMIT :limit
"""


async def list_by_source_id(
    uow: UnitOfWork,
    tenant: str,
    source_id: str,
    *,
    source: str | None,
    clients_only: bool,
    allowed: Sequence[str],
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """The decisions of an event by its back-end's id: one for each source that used it.

    ``clients_only``: without those of waves and programmes; ``allowed``: of these segments only; of all, when
    there are none.
    """
    rows = await uow.execute(
        LIST_BY_SOURCE_ID,
        {
            "tenant": tenant,
            "source_id": source_id,
            "source": source,
            "clients_only": clients_only,
            "allowed": list(allowed),
            "after": after,
            "limit": limit,
        },
    )
    return rows.all()


# Only our own events name a survey; the facts of others, which may be long, are not searched for it.
NEWEST_FACTS = f"""
    SELECT decided_at, event_id, facts FROM decision
    WHERE tenant = :tenant AND decided_at >= :since
        AND (decided_at, event_id) < (:before_at, CAST(:before_id AS uuid))
        AND (CAST(:allowed AS text[]) = '{{}}' OR segments && CAST(:allowed AS text[]))
        AND NOT (
            source LIKE '{OWN_SOURCES}%' AND position(convert_to('"survey_id":"', 'UTF8') IN facts) > 0
        )
    ORDER BY decided_at DESC, event_id DESC
    LIMIT :limit
"""


async def newest_facts(
    uow: UnitOfWork,
    tenant: str,
    allowed: Sequence[str],
    *,
    since: datetime,
    before: tuple[datetime, UUID],
    limit: int,
) -> Sequence[Row[Any]]:
    """A page of the newest events since a time, with their facts, of ``allowed`` segments or of all.

    Without those of waves, programmes and tests, which name the one survey that asks.
    """
    values = {"tenant": tenant, "since": since, "allowed": list(allowed), "limit": limit}
    rows = await uow.execute(NEWEST_FACTS, {**values, "before_at": before[0], "before_id": before[1]})
    return rows.all()
