"""Whom a wave or a programme may choose: the customers whom a channel of its survey reaches.

They are those of whom a decision would say the same by address, number, suppressions and preferences alone;
what else forbids to ask them, such as a quarantine, is left to the decision.
"""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from msgspec import json

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.waves.drawing import Wave
from shared.db import UnitOfWork

Reach = Literal["mail", "sms", "mail or sms"]
"""By what a survey reaches customers of whom no event has come."""


def reach_of(channels: Collection[str]) -> Reach:
    """By which channels a survey reaches them; by links nobody is reached, so that those count as mail."""
    if "sms" not in channels:
        return "mail"
    return "mail or sms" if "mail" in channels else "sms"


def _unlisted(kind: str, column: str, condition: str = "") -> str:
    return f"""NOT EXISTS (
            SELECT FROM suppression s
            WHERE s.tenant = p.tenant AND s.kind = '{kind}' AND s.key = p.{column}{condition}
        )"""


def _unchosen(kind: str, column: str, condition: str) -> str:
    return f"""NOT EXISTS (
            SELECT FROM contact_preference c
            WHERE c.tenant = p.tenant AND c.kind = '{kind}' AND c.key = p.{column} AND {condition}
        )"""


def _all(*conditions: str) -> str:
    return "\n        AND ".join(conditions)


_IN_GROUP = """p.tenant = :tenant AND p.joined_at <= :joined_by
        AND p.segments @> CAST(CAST(:segments AS text) AS jsonb)"""
_PAUSES = "c.paused_until > :now"
_NO_MAIL = "'mail' = ANY(string_to_array(c.channel, ','))"
_NO_TEXT = "'sms' = ANY(string_to_array(c.channel, ','))"
_BOUNCED, _FIRM = " AND s.reason = 'bounced'", " AND s.reason <> 'bounced'"
# What names the number matters to surveys alone that send texts.
_ADDRESS_AND_ID = (("address", "contact"), ("customer", "customer_id"))
_ALL_NAMES = (("address", "contact"), ("address", "number"), ("customer", "customer_id"))
ELIGIBLE_BY_REACH: Mapping[Reach, str] = {
    "mail": _all(
        _IN_GROUP,
        "p.email <> ''",
        *(_unlisted(*name) for name in _ADDRESS_AND_ID),
        *(_unchosen(*name, f"({_PAUSES} OR {_NO_MAIL})") for name in _ADDRESS_AND_ID),
    ),
    "sms": _all(
        _IN_GROUP,
        "p.phone IS NOT NULL",
        *(_unlisted(*name, _FIRM) for name in _ALL_NAMES),
        *(_unchosen(*name, f"({_PAUSES} OR {_NO_TEXT})") for name in _ALL_NAMES),
    ),
    "mail or sms": _all(
        _IN_GROUP,
        *(_unlisted(*name, _FIRM) for name in _ALL_NAMES),
        *(_unchosen(*name, _PAUSES) for name in _ALL_NAMES),
        f"""(
            p.email <> '' AND {
            _all(
                *(_unlisted(*name, _BOUNCED) for name in _ALL_NAMES),
                *(_unchosen(*name, _NO_MAIL) for name in _ALL_NAMES),
            )
        }
        OR p.phone IS NOT NULL AND {_all(*(_unchosen(*name, _NO_TEXT) for name in _ALL_NAMES))}
        )""",
    ),
}
COUNT_ELIGIBLE_BY_REACH: Mapping[Reach, str] = {
    reach: f"""
    SELECT count(*) FROM customer_profile p WHERE {eligible}
"""
    for reach, eligible in ELIGIBLE_BY_REACH.items()
}
LIST_PERSONS_BY_REACH: Mapping[Reach, str] = {
    reach: f"""
    SELECT p.person FROM customer_profile p
    WHERE {eligible} AND p.person > :after
    ORDER BY p.person
    LIMIT :limit
"""
    for reach, eligible in ELIGIBLE_BY_REACH.items()
}
PROFILE = """p.tenant, p.person, p.customer_id, p.contact, nullif(p.email, '') AS email, p.locale, p.country,
        p.time_zone, p.segments, p.known_at, p.phone, p.number"""
LIST_ELIGIBLE_BY_REACH: Mapping[Reach, str] = {
    reach: f"""
    SELECT {PROFILE}
    FROM customer_profile p
    WHERE {eligible} AND p.person > :after AND (CAST(:until AS text) IS NULL OR p.person < :until)
    ORDER BY p.person
    LIMIT :limit
"""
    for reach, eligible in ELIGIBLE_BY_REACH.items()
}


async def count_eligible(
    uow: UnitOfWork, tenant: str, segments: dict[str, str], channels: Collection[str]
) -> int:
    """How many customers a wave that began now could choose from, of a survey with these channels."""
    times = {"joined_by": uow.now, "now": uow.now}
    values = {"tenant": tenant, "segments": json.encode(segments).decode(), **times}
    count: int = (await uow.execute(COUNT_ELIGIBLE_BY_REACH[reach_of(channels)], values)).scalar_one()
    return count


async def list_persons(
    uow: UnitOfWork, wave: Wave, channels: Collection[str], after: str, limit: int
) -> list[str]:
    """The next customers whom the wave may choose, by their pseudonyms."""
    statement = LIST_PERSONS_BY_REACH[reach_of(channels)]
    return list((await uow.execute(statement, _of(uow, wave, after, limit))).scalars())


async def list_eligible(
    uow: UnitOfWork, wave: Wave, channels: Collection[str], after: str, until: str | None, limit: int
) -> list[CustomerProfile]:
    """The same with all that is known of them, up to a pseudonym."""
    statement = LIST_ELIGIBLE_BY_REACH[reach_of(channels)]
    rows = await uow.execute(statement, {**_of(uow, wave, after, limit), "until": until})
    return [CustomerProfile(**row) for row in rows.mappings()]


def _of(uow: UnitOfWork, wave: Wave, after: str, limit: int) -> dict[str, Any]:
    """Whoever came after its start does not move the others."""
    return {
        "tenant": wave.tenant,
        "segments": json.encode(wave.segments).decode(),
        "joined_by": wave.start_at,
        "now": uow.now,
        "after": after,
        "limit": limit,
    }
