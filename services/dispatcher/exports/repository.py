"""What the dispatcher keeps of one customer, and who is known under an address or a number."""

from typing import Any

from sqlalchemy import Row

from services.dispatcher.decisions.explanation import decode_facts
from services.dispatcher.invitations.states import read_invitation
from shared.db import UnitOfWork
from shared.privacy.export import (
    IS_PERSON,
    AskedRecord,
    DeliveryRecord,
    EventRecord,
    ExportQuery,
    ExportSection,
    KnownRecord,
    SuppressionLiftRecord,
    SuppressionRecord,
    in_body,
    invitation_record,
    of_person,
    section_of,
)

SERVICE = "dispatcher"
CAME_AGAIN = "came_again"
"""In place of a decision: the same event was sent once more with other content, which counts for nothing."""
CONTACT_IN_BODY = in_body("contact_key")

FIND_EVENTS = f"""
    SELECT t.event_id, t.decided_at AS at, t.source, t.source_id, t.customer_id, t.reason, t.facts,
        s.name AS survey
    FROM decision t
    LEFT JOIN survey s ON s.tenant = t.tenant AND s.id = t.survey_id
    WHERE {of_person("t.decided_at")}
"""
FIND_DIFFERENCES = """
    SELECT event_id, difference_at AS at, source, source_id, NULL AS customer_id, :again AS reason,
        difference AS facts, NULL AS survey
    FROM decision
    WHERE tenant = :tenant AND difference_person = :person
        AND (CAST(:before AS timestamptz) IS NULL OR difference_at < :before)
    ORDER BY difference_at DESC
    LIMIT :limit
"""
FIND_KNOWN = """
    SELECT contact, phone, customer_id FROM known_customer
    WHERE tenant = :tenant AND person = :person
        AND (CAST(:contact AS text) IS NULL OR contact IN ('', :contact))
    ORDER BY contact, phone
    LIMIT :limit
"""
FIND_INVITATIONS = f"""
    SELECT t.tenant, t.id, t.version, t.state, t.reason, t.sent_at, t.body
    FROM invitation t
    WHERE {of_person(in_body("decided_at", "timestamptz"), CONTACT_IN_BODY)}
"""
FIND_DELIVERIES = f"""
    SELECT d.about_id, d.n, d.channel, d.state, d.reason, d.attempts, coalesce(t.sent_at, d.due_at) AS at
    FROM invitation t
    JOIN delivery d ON d.tenant = t.tenant AND d.about_id = t.id
    WHERE {of_person("coalesce(t.sent_at, d.due_at)", CONTACT_IN_BODY)}
"""
FIND_CONTACTS = f"""
    SELECT t.contact_key FROM decision t
    WHERE t.tenant = :tenant AND t.contact_key IS NOT NULL
        AND {IS_PERSON.format(customer_id="t.customer_id")}
    UNION
    SELECT t.address FROM customer t
    WHERE t.tenant = :tenant AND t.address IS NOT NULL AND {IS_PERSON.format(customer_id="t.id")}
"""
OF_PERSON_OR_ADDRESS = f"""t.tenant = :tenant AND (
            t.kind = 'customer' AND {IS_PERSON.format(customer_id="t.key")}
            OR t.kind = 'address' AND t.key = ANY(CAST(:contacts AS text[]))
        )"""
FIND_SUPPRESSIONS = f"""
    SELECT t.kind, t.key, t.reason, t.created_at FROM suppression t
    WHERE {OF_PERSON_OR_ADDRESS}
        AND (CAST(:before AS timestamptz) IS NULL OR t.created_at < :before)
    ORDER BY t.created_at DESC
    LIMIT :limit
"""
FIND_LIFTS = f"""
    SELECT t.kind, t.key, t.was, t.at FROM suppression_lift t
    WHERE {OF_PERSON_OR_ADDRESS}
        AND (CAST(:before AS timestamptz) IS NULL OR t.at < :before)
    ORDER BY t.at DESC
    LIMIT :limit
"""
FIND_ASKED = f"""
    SELECT t.id, t.address, t.invited_at, t.invited_before, t.asked_elsewhere_at,
        greatest(t.invited_at, t.asked_elsewhere_at) AS at
    FROM customer t
    WHERE t.tenant = :tenant
        AND ({IS_PERSON.format(customer_id="t.id")} OR t.id = ANY(CAST(:contacts AS text[])))
        AND (CAST(:before AS timestamptz) IS NULL OR greatest(t.invited_at, t.asked_elsewhere_at) < :before)
    ORDER BY at DESC NULLS LAST, t.id
    LIMIT :limit
"""


async def read_export(uow: UnitOfWork, query: ExportQuery) -> list[ExportSection]:
    """The person's events with their decisions, invitations, mails, and whether they may be asked."""
    contacts = (await uow.execute(FIND_CONTACTS, query.values())).scalars().all()
    if query.contact is not None:
        contacts = [query.contact]
    values = {**query.values(), "contacts": list(contacts)}
    sections = []
    if query.asks_for("event"):
        events = [_event(row) for row in await uow.execute(FIND_EVENTS, values)]
        differing = await uow.execute(FIND_DIFFERENCES, {**values, "again": CAME_AGAIN})
        events += [_event(row) for row in differing]
        events.sort(key=lambda event: event.at.timestamp() if event.at else 0.0, reverse=True)
        sections.append(section_of(query, SERVICE, "event", events))
    if query.asks_for("known"):
        known = [_known(row) for row in await uow.execute(FIND_KNOWN, values)]
        sections.append(section_of(query, SERVICE, "known", known))
    if query.asks_for("invitation"):
        rows = await uow.execute(FIND_INVITATIONS, values)
        invitations = [invitation_record(read_invitation(row)) for row in rows]
        sections.append(section_of(query, SERVICE, "invitation", invitations))
    if query.asks_for("delivery"):
        deliveries = [_delivery(row) for row in await uow.execute(FIND_DELIVERIES, values)]
        sections.append(section_of(query, SERVICE, "delivery", deliveries))
    if query.asks_for("asked"):
        asked = [_asked(row) for row in await uow.execute(FIND_ASKED, values)]
        sections.append(section_of(query, SERVICE, "asked", asked))
    if query.asks_for("suppression"):
        suppressions = [_suppression(row) for row in await uow.execute(FIND_SUPPRESSIONS, values)]
        sections.append(section_of(query, SERVICE, "suppression", suppressions))
    if query.asks_for("suppression_lift"):
        lifts = [_lift(row) for row in await uow.execute(FIND_LIFTS, values)]
        sections.append(section_of(query, SERVICE, "suppression_lift", lifts))
    return sections


def _event(row: Row[Any]) -> EventRecord:
    facts = decode_facts(row.facts)
    return EventRecord(
        at=row.at,
        obtained_from="company",
        id=row.event_id,
        event=row.source_id,
        system=row.source,
        event_type=facts.type,
        occurred_at=facts.occurred_at,
        customer_id=facts.customer.id if row.customer_id is None else row.customer_id,
        locale=facts.customer.locale,
        time_zone=facts.customer.time_zone,
        country=facts.customer.country,
        basis=facts.customer.basis,
        account=facts.account.id if facts.account is not None else None,
        segments=facts.segments,
        organisation=facts.organisation,
        attributes=facts.attributes,
        decision=row.reason,
        survey=row.survey,
    )


def _known(row: Row[Any]) -> KnownRecord:
    return KnownRecord(
        at=None,
        obtained_from="company",
        customer_id=row.customer_id,
        address_hash=row.contact or None,
        phone_hash=row.phone or None,
    )


def _delivery(row: Row[Any]) -> DeliveryRecord:
    return DeliveryRecord(
        at=row.at,
        obtained_from="afterword",
        invitation=row.about_id,
        n=row.n,
        channel=row.channel,
        mail=row.state,
        reason=row.reason,
        attempts=row.attempts,
    )


def _asked(row: Row[Any]) -> AskedRecord:
    return AskedRecord(
        at=row.at,
        obtained_from="afterword",
        id=row.id,
        address_hash=row.address,
        invited_at=row.invited_at,
        invited_before=row.invited_before,
        asked_elsewhere_at=row.asked_elsewhere_at,
    )


def _suppression(row: Row[Any]) -> SuppressionRecord:
    return SuppressionRecord(
        at=row.created_at,
        obtained_from="customer" if row.reason == "unsubscribed" else "staff",
        by=row.kind,
        id=row.key,
        reason=row.reason,
    )


def _lift(row: Row[Any]) -> SuppressionLiftRecord:
    return SuppressionLiftRecord(at=row.at, obtained_from="staff", by=row.kind, id=row.key, was=row.was)


FIND_ERASED = """
    SELECT true FROM erased
    WHERE tenant = :tenant AND person = :person
        AND (contact IS NULL OR contact = CAST(:contact AS text))
    LIMIT 1
"""


async def was_erased(uow: UnitOfWork, tenant: str, person: str, contact: str | None) -> bool:
    """Whether the person was erased, under every address or under this one."""
    values = {"tenant": tenant, "person": person, "contact": contact}
    return bool((await uow.execute(FIND_ERASED, values)).scalar())
