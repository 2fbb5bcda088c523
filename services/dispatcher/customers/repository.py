"""``customer_profile``: customers whom a company may ask outside of an event."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import NamedTuple

from msgspec import json

from services.dispatcher.customers.bases import read_bases, write_bases
from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.customers.known_words import KnownWords
from shared.db import UnitOfWork
from shared.events.segments import MAX_DIMENSIONS

_LOCALE, _COUNTRY, _TIME_ZONE = (
    f"CASE WHEN CAST(:whole AS boolean) THEN EXCLUDED.{name} ELSE coalesce(EXCLUDED.{name}, p.{name}) END"
    for name in ("locale", "country", "time_zone")
)
# As ``merged_segments`` does; the second case is the frequent one, of which nothing has to be merged.
_SEGMENTS = f"""CASE WHEN CAST(:whole AS boolean) THEN EXCLUDED.segments
            WHEN p.segments @> EXCLUDED.segments THEN p.segments
            ELSE (
                SELECT jsonb_object_agg(m.name, m.value) FROM (
                    SELECT s.name, s.value FROM (
                        SELECT n.key AS name, n.value, 1 AS place FROM jsonb_each(EXCLUDED.segments) n
                        UNION ALL
                        SELECT o.key, o.value, 2 FROM jsonb_each(p.segments - ARRAY(
                            SELECT jsonb_object_keys(EXCLUDED.segments)
                        )) o
                    ) s
                    ORDER BY s.place, s.name COLLATE "C" LIMIT {MAX_DIMENSIONS}
                ) m
            ) END"""
# The newest of each kind stays, whoever said it: that a customer says no is kept elsewhere.
_BASES = """CASE WHEN EXCLUDED.bases = '{}' THEN p.bases ELSE (
            SELECT jsonb_object_agg(b.kind, b.basis) FROM (
                SELECT DISTINCT ON (e.key) e.key AS kind, e.value AS basis
                FROM (
                    SELECT * FROM jsonb_each(p.bases) UNION ALL SELECT * FROM jsonb_each(EXCLUDED.bases)
                ) e
                ORDER BY e.key, CAST(e.value ->> 'at' AS timestamptz) DESC NULLS LAST
            ) b
        ) END"""
# As ``completed`` does: a number alone leaves the address as it is, and another address leaves no number.
_CONTACT, _EMAIL = (
    f"CASE WHEN CAST(:whole AS boolean) OR EXCLUDED.email <> '' OR p.email = '' "
    f"THEN EXCLUDED.{name} ELSE p.{name} END"
    for name in ("contact", "email")
)
_PHONE, _NUMBER = (
    f"CASE WHEN CAST(:whole AS boolean) OR EXCLUDED.phone IS NOT NULL OR EXCLUDED.contact <> p.contact "
    f"THEN EXCLUDED.{name} ELSE p.{name} END"
    for name in ("phone", "number")
)


class _Reached(NamedTuple):
    """How a statement writes by what customers are reached."""

    columns: str
    values: str
    assigned: str
    given: str
    kept: str


# The company texts nobody, or its customers have come without a number: each has an address, and nothing more
# is compared than before there were numbers.
_BY_ADDRESS = _Reached(
    "",
    "",
    """contact = EXCLUDED.contact,
        email = EXCLUDED.email,
        phone = CASE WHEN EXCLUDED.contact = p.contact THEN p.phone END,
        number = CASE WHEN EXCLUDED.contact = p.contact THEN p.number END""",
    "(EXCLUDED.customer_id, EXCLUDED.contact, EXCLUDED.email)",
    "(p.customer_id, p.contact, p.email)",
)
_BY_NUMBER_TOO = _Reached(
    ", phone, number",
    ", CAST(:phones AS text[]), CAST(:numbers AS text[])",
    f"""contact = {_CONTACT},
        email = {_EMAIL},
        phone = {_PHONE},
        number = {_NUMBER}""",
    f"(EXCLUDED.customer_id, {_CONTACT}, {_EMAIL}, {_PHONE}, {_NUMBER})",
    "(p.customer_id, p.contact, p.email, p.phone, p.number)",
)


# The newest word counts, in whatever order they come. Who comes again soon with the same costs no write.
def _keep_profiles(by: _Reached) -> str:
    return f"""
    INSERT INTO customer_profile AS p (
        tenant, person, customer_id, contact, email, locale, country, time_zone, segments, joined_at,
        known_at, bases{by.columns}
    )
    SELECT n.tenant, n.person, n.customer_id, n.contact, n.email, n.locale, n.country, n.time_zone,
        CAST(n.segments AS jsonb), :now, n.known_at, CAST(n.bases AS jsonb){by.columns}
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:persons AS text[]), CAST(:customer_ids AS text[]),
        CAST(:contacts AS text[]), CAST(:emails AS text[]), CAST(:locales AS text[]),
        CAST(:countries AS text[]), CAST(:time_zones AS text[]), CAST(:segments AS text[]),
        CAST(:times AS timestamptz[]), CAST(:bases AS text[]){by.values}
    ) AS n(
        tenant, person, customer_id, contact, email, locale, country, time_zone, segments, known_at,
        bases{by.columns}
    )
    ORDER BY 1, 2
    ON CONFLICT (tenant, person) DO UPDATE SET
        customer_id = EXCLUDED.customer_id,
        {by.assigned},
        locale = {_LOCALE},
        country = {_COUNTRY},
        time_zone = {_TIME_ZONE},
        segments = {_SEGMENTS},
        bases = {_BASES},
        known_at = EXCLUDED.known_at
    WHERE p.known_at <= EXCLUDED.known_at AND (
        p.known_at < EXCLUDED.known_at - CAST(:accuracy AS interval)
        OR {by.kept} IS DISTINCT FROM {by.given}
        OR p.locale IS DISTINCT FROM {_LOCALE}
        OR p.country IS DISTINCT FROM {_COUNTRY}
        OR p.time_zone IS DISTINCT FROM {_TIME_ZONE}
        OR p.segments IS DISTINCT FROM {_SEGMENTS}
        OR p.bases IS DISTINCT FROM {_BASES}
    )
    RETURNING p.person
"""


KEEP_PROFILES = _keep_profiles(_BY_ADDRESS)
KEEP_PROFILES_WITH_NUMBERS = _keep_profiles(_BY_NUMBER_TOO)
KNOWN_AT_ACCURACY = timedelta(days=1)
"""A customer who comes again within this time with the same words costs no write."""


async def keep_profiles(uow: UnitOfWork, profiles: Sequence[CustomerProfile], *, whole: bool = False) -> int:
    """Keep what is known of these customers, each once; the caller has made sure that none of them is erased.

    :param whole: what a profile leaves out is empty from now on, and not as it was.
    :returns: how many rows were written.
    """
    if not profiles:
        return 0
    values = {
        "tenants": [each.tenant for each in profiles],
        "persons": [each.person for each in profiles],
        "customer_ids": [each.customer_id for each in profiles],
        "contacts": [each.contact for each in profiles],
        "emails": [each.email or "" for each in profiles],
        "locales": [each.locale for each in profiles],
        "countries": [each.country for each in profiles],
        "time_zones": [each.time_zone for each in profiles],
        "segments": [json.encode(each.segments).decode() for each in profiles],
        "times": [each.known_at for each in profiles],
        "bases": [write_bases(each.bases) for each in profiles],
        "accuracy": KNOWN_AT_ACCURACY,
        "whole": whole,
        "now": uow.now,
    }
    numbers = [each.number for each in profiles]
    if whole or any(numbers):
        own = {"phones": [each.phone for each in profiles], "numbers": numbers}
        written = await uow.execute(KEEP_PROFILES_WITH_NUMBERS, {**values, **own})
    else:
        written = await uow.execute(KEEP_PROFILES, values)
    return len(written.all())


COUNT_PROFILES = """
    SELECT count(*) FROM customer_profile WHERE tenant = :tenant
"""


async def count_profiles(uow: UnitOfWork, tenant: str) -> int:
    """How many customers the tenant may ask outside of an event."""
    count: int = (await uow.execute(COUNT_PROFILES, {"tenant": tenant})).scalar_one()
    return count


FIND_WORDS = """
    SELECT p.tenant, p.person, p.locale, p.country, p.time_zone, CAST(p.bases AS text) AS bases
    FROM customer_profile p
    JOIN unnest(CAST(:tenants AS text[]), CAST(:persons AS text[])) AS n(tenant, person)
        USING (tenant, person)
"""


async def find_words(
    uow: UnitOfWork, persons: Collection[tuple[str, str]]
) -> dict[tuple[str, str], KnownWords]:
    """What is known of each of these customers, by tenant and pseudonym, who have a profile."""
    keys = sorted(persons)
    values = {"tenants": [tenant for tenant, _ in keys], "persons": [person for _, person in keys]}
    found = await uow.execute(FIND_WORDS, values)
    return {
        (row.tenant, row.person): KnownWords(row.locale, row.country, row.time_zone, read_bases(row.bases))
        for row in found
    }
