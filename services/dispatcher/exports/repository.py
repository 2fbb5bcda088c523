"""What the dispatcher keeps of one customer, and who is known under an address or a number."""

from typing import Any

from sqlalchemy import Row

from services.dispatcher.customers.bases import read_bases
from services.dispatcher.decisions.explanation import decode_facts
from services.dispatcher.invitations.states import read_invitation
from shared.db import UnitOfWork
from shared.privacy.export import (
    IS_PERSON,
    ExportQuery,
    ExportSection,
    ExportSource,
    in_body,
    newest_first,
    of_person,
    read_sources,
)
from shared.privacy.export_records import (
    CUSTOMER_FIELDS,
    AccessActor,
    AccessRecord,
    AskedRecord,
    DeliveryRecord,
    EventRecord,
    InvitationRecord,
    KnownRecord,
    PreferenceRecord,
    ProfileRecord,
    SuppressionLiftRecord,
    SuppressionRecord,
    invitation_record,
    record_of,
)

SERVICE = "dispatcher"
CAME_AGAIN = "came_again"
"""In place of a decision: the same event was sent once more with other content, which counts for nothing."""
CONTACT_IN_BODY = in_body("contact_key")
NOT_IN_FACTS = ("name", "email", "phone")
"""They are stored with the invitation alone."""
ACTORS: dict[str, AccessActor] = {
    "staff": "colleague",
    "key": "program",
    "command_line": "operator",
    "customer": "customer",
}
"""Who is in a line of the log, without who it was."""

FIND_EVENTS = f"""
    (
        SELECT t.event_id, t.decided_at AS at, t.source, t.source_id, t.customer_id, t.reason, t.facts,
            s.name AS survey
        FROM decision t
        LEFT JOIN survey s ON s.tenant = t.tenant AND s.id = t.survey_id
        WHERE {of_person("t.decided_at")}
    )
    UNION ALL
    (
        SELECT t.event_id, t.difference_at, t.source, t.source_id, NULL, '{CAME_AGAIN}', t.difference, NULL
        FROM decision t
        WHERE t.tenant = :tenant AND t.difference_person = :person
            AND (CAST(:contact AS text) IS NULL OR t.difference_contact IN ('', :contact))
            AND {newest_first("t.difference_at")}
    )
    ORDER BY at DESC NULLS LAST
    FETCH FIRST (:limit) ROWS WITH TIES
"""
FIND_KNOWN = f"""
    SELECT t.contact, t.phone, t.customer_id, t.known_at FROM known_customer t
    WHERE t.tenant = :tenant AND t.person = :person
        AND (CAST(:contact AS text) IS NULL OR t.contact IN ('', :contact))
        AND {newest_first("t.known_at")}
"""
FIND_PROFILE = f"""
    SELECT t.customer_id, nullif(t.email, '') AS email, t.phone, t.locale, t.country, t.time_zone,
        t.segments, t.known_at, CAST(t.bases AS text) AS stored_bases
    FROM customer_profile t
    WHERE t.tenant = :tenant AND t.person = :person
        AND (CAST(:contact AS text) IS NULL OR t.contact = :contact)
        AND {newest_first("t.known_at")}
"""
FIND_INVITATIONS = f"""
    SELECT t.tenant, t.id, t.version, t.state, t.reason, t.sent_at, t.body
    FROM invitation t
    WHERE {of_person(in_body("decided_at", "timestamptz"), CONTACT_IN_BODY)}
"""
DELIVERED_AT = "coalesce(CASE d.kind WHEN 'first' THEN t.sent_at ELSE d.settled_at END, d.due_at)"
OF_THE_PERSON = f"""t.tenant = :tenant AND {IS_PERSON.format(customer_id="t.customer_id")}
            AND (CAST(:contact AS text) IS NULL OR {{contact}} IS NULL OR {{contact}} = :contact)"""
FIND_DELIVERIES = f"""
    SELECT t.* FROM (
        SELECT d.about_id AS invitation, 'question' AS about, CAST(NULL AS uuid) AS mail_id,
            d.n, d.channel, d.state, d.reason, d.attempts, {DELIVERED_AT} AS at
        FROM invitation t
        JOIN delivery d ON d.tenant = t.tenant AND d.about_id = t.id
        WHERE {OF_THE_PERSON.format(contact=CONTACT_IN_BODY)}
        UNION ALL
        SELECT t.answer_id, 'case', t.id, 1, 'mail',
            CASE t.state WHEN 'refused' THEN 'dropped' ELSE t.state END, t.reason,
            coalesce(d.attempts, 0), t.changed_at
        FROM case_mail t
        LEFT JOIN delivery d ON d.tenant = t.tenant AND d.about_id = t.id
        WHERE {OF_THE_PERSON.format(contact="t.contact_key")}
    ) t
    WHERE {newest_first("t.at")}
"""
FIND_CONTACTS = f"""
    SELECT t.contact_key FROM decision t
    WHERE t.tenant = :tenant AND t.contact_key IS NOT NULL
        AND {IS_PERSON.format(customer_id="t.customer_id")}
    UNION
    SELECT t.address FROM customer t
    WHERE t.tenant = :tenant AND t.address IS NOT NULL AND {IS_PERSON.format(customer_id="t.id")}
    UNION
    SELECT unnest(ARRAY[t.contact, t.phone]) FROM known_customer t
    WHERE t.tenant = :tenant AND t.person = :person
    UNION
    SELECT unnest(ARRAY[t.contact, t.number]) FROM customer_profile t
    WHERE t.tenant = :tenant AND t.person = :person
"""
FIND_NUMBERS = """
    SELECT t.phone FROM known_customer t
    WHERE t.tenant = :tenant AND t.person = :person AND t.contact IN ('', CAST(:contact AS text))
    UNION
    SELECT t.number FROM customer_profile t
    WHERE t.tenant = :tenant AND t.person = :person AND t.contact = CAST(:contact AS text)
"""
OF_PERSON_OR_ADDRESS = f"""t.tenant = :tenant AND (
            t.kind = 'customer' AND {IS_PERSON.format(customer_id="t.key")}
            OR t.kind = 'address' AND t.key = ANY(CAST(:contacts AS text[]))
        )"""
FIND_SUPPRESSIONS = f"""
    SELECT t.kind, t.key, t.reason, t.created_at FROM suppression t
    WHERE {OF_PERSON_OR_ADDRESS}
        AND {newest_first("t.created_at")}
"""
FIND_LIFTS = f"""
    SELECT t.kind, t.key, t.was, t.at FROM suppression_lift t
    WHERE {OF_PERSON_OR_ADDRESS}
        AND {newest_first("t.at")}
"""
FIND_PREFERENCES = f"""
    SELECT t.kind, t.key, t.paused_until, t.months, t.channel, t.changed_at FROM contact_preference t
    WHERE {OF_PERSON_OR_ADDRESS}
        AND {newest_first("t.changed_at")}
"""
ASKED_AT = "greatest(t.invited_at, t.asked_elsewhere_at)"
OF_PERSON_OR_CONTACT = f"""t.tenant = :tenant
            AND ({IS_PERSON.format(customer_id="t.id")} OR t.id = ANY(CAST(:contacts AS text[])))"""
FIND_ASKED = f"""
    SELECT t.* FROM (
        SELECT t.id, t.address, t.invited_at, t.invited_before, t.asked_elsewhere_at,
            NULL AS measurement, NULL AS touchpoint, NULL AS survey, {ASKED_AT} AS at
        FROM customer t
        WHERE {OF_PERSON_OR_CONTACT}
        UNION ALL
        SELECT t.id, t.address, CASE WHEN NOT a.elsewhere THEN a.asked_at END, NULL,
            CASE WHEN a.elsewhere THEN a.asked_at END, a.measurement, a.touchpoint, s.name, a.asked_at
        FROM customer t
        JOIN asked a ON a.tenant = t.tenant AND a.contact = t.id
        LEFT JOIN survey s ON s.tenant = a.tenant AND s.id = a.survey_id
        WHERE {OF_PERSON_OR_CONTACT}
    ) t
    WHERE {newest_first("t.at")}
"""
# The log knows the customer by the pseudonym, and by what is theirs: a case, an erasure of one address.
FIND_ACCESS = f"""
    SELECT l.at, l.act, l.who_kind FROM audit_line l
    WHERE l.tenant = :tenant AND l.about = ANY(ARRAY(
            SELECT CAST(:person AS text)
            UNION ALL
            SELECT CAST(c.id AS text)
            FROM decision t JOIN case_heard c ON c.tenant = t.tenant AND c.event_id = t.event_id
            WHERE t.tenant = :tenant AND {IS_PERSON.format(customer_id="t.customer_id")}
                AND (CAST(:contact AS text) IS NULL OR t.contact_key IS NULL OR t.contact_key = :contact)
            UNION ALL
            SELECT CAST(c.id AS text)
            FROM case_heard c LEFT JOIN decision d ON d.tenant = c.tenant AND d.event_id = c.event_id
            WHERE c.tenant = :tenant AND c.person = :person
                AND (CAST(:contact AS text) IS NULL OR d.contact_key IS NULL OR d.contact_key = :contact)
            UNION ALL
            SELECT CAST(e.id AS text) FROM erasure e
            WHERE e.tenant = :tenant AND e.person = :person
                AND (CAST(:contact AS text) IS NULL OR e.contact IS NULL OR e.contact = :contact)
        ))
        AND {newest_first("l.at")}
"""


async def read_export(uow: UnitOfWork, query: ExportQuery) -> list[ExportSection]:
    """The person's events with their decisions, invitations and mails, suppressions, and who looked."""
    return await read_sources(uow, query, SERVICE, SOURCES, contacts=await find_contacts(uow, query))


async def find_contacts(uow: UnitOfWork, query: ExportQuery) -> list[str]:
    """The keyed hashes of the person's addresses and phone numbers, or the one address that is meant and the
    numbers that came with it.
    """
    if query.contact is None:
        return list(filter(None, (await uow.execute(FIND_CONTACTS, query.values())).scalars()))
    numbers = (await uow.execute(FIND_NUMBERS, query.values())).scalars()
    return [query.contact, *filter(None, numbers)]


def _event(row: Row[Any]) -> EventRecord:
    facts = decode_facts(row.facts)
    return record_of(
        EventRecord,
        facts,
        at=row.at,
        obtained_from="company",
        id=row.event_id,
        event=row.source_id,
        system=row.source,
        event_type=facts.type,
        customer_id=facts.customer.id if row.customer_id is None else row.customer_id,
        account=facts.account.id if facts.account is not None else None,
        decision=row.reason,
        survey=row.survey,
        **{name: getattr(facts.customer, name) for name in CUSTOMER_FIELDS if name not in NOT_IN_FACTS},
    )


def _known(row: Row[Any]) -> KnownRecord:
    return record_of(
        KnownRecord,
        row,
        at=row.known_at,
        obtained_from="company",
        address_hash=row.contact or None,
        phone_hash=row.phone or None,
    )


def _profile(row: Row[Any]) -> ProfileRecord:
    return record_of(
        ProfileRecord,
        row,
        at=row.known_at,
        obtained_from="company",
        bases=tuple(read_bases(row.stored_bases).values()),
    )


def _invitation(row: Row[Any]) -> InvitationRecord:
    return invitation_record(read_invitation(row))


def _delivery(row: Row[Any]) -> DeliveryRecord:
    return record_of(DeliveryRecord, row, obtained_from="afterword", mail=row.state)


def _asked(row: Row[Any]) -> AskedRecord:
    return record_of(AskedRecord, row, obtained_from="afterword", address_hash=row.address)


def _suppression(row: Row[Any]) -> SuppressionRecord:
    origin = "staff" if row.reason == "listed" else "customer"
    return record_of(SuppressionRecord, row, at=row.created_at, obtained_from=origin, by=row.kind, id=row.key)


def _lift(row: Row[Any]) -> SuppressionLiftRecord:
    return record_of(SuppressionLiftRecord, row, obtained_from="staff", by=row.kind, id=row.key)


def _preference(row: Row[Any]) -> PreferenceRecord:
    return record_of(
        PreferenceRecord, row, at=row.changed_at, obtained_from="customer", by=row.kind, id=row.key
    )


def _access(row: Row[Any]) -> AccessRecord:
    return AccessRecord(at=row.at, obtained_from="afterword", act=row.act, who=ACTORS.get(row.who_kind))


SOURCES = (
    ExportSource("event", FIND_EVENTS, _event),
    ExportSource("known", FIND_KNOWN, _known),
    ExportSource("profile", FIND_PROFILE, _profile),
    ExportSource("invitation", FIND_INVITATIONS, _invitation),
    ExportSource("delivery", FIND_DELIVERIES, _delivery),
    ExportSource("asked", FIND_ASKED, _asked),
    ExportSource("suppression", FIND_SUPPRESSIONS, _suppression),
    ExportSource("suppression_lift", FIND_LIFTS, _lift),
    ExportSource("preference", FIND_PREFERENCES, _preference),
    ExportSource("access", FIND_ACCESS, _access),
)
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
