"""Where a customer lives, as far as it is known: whose clock and whose calendar count."""

from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import NamedTuple

from babel.core import get_global

from shared.events import Customer, Tenant
from shared.values.zones import known_zone, zone_names, zone_of

ONE_CLOCK = {
    "AR": "America/Argentina/Buenos_Aires",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "KZ": "Asia/Almaty",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}
"""Countries that have several zones by name and one time, or nearly all people in one of them."""
SAMPLED_INSTANTS = tuple(
    datetime(year, month, day, tzinfo=UTC)
    for year in range(2025, 2036)
    for month in range(1, 13)
    for day in (1, 15)
)
"""Zones of a country that show the same time at each of these have the same clock."""

NO_COUNTRY = "ZZ"
"""Of zones that are no places, such as UTC."""


class Place(NamedTuple):
    """A time zone that this machine knows, and a country by its two letters (empty: not known)."""

    zone: str
    country: str
    others: tuple[str, ...] = ()
    """The further zones of the country, where nobody knows in which of them it is: each counts, too."""


def place_of(customer: Customer, tenant: Tenant | None) -> Place:
    """The customer's own zone, else that of their country, or all where it has several, else the company's.

    A country that nobody names is that of the customer's zone, else the company's.
    """
    company = (tenant.time_zone, tenant.country) if tenant is not None else (None, "")
    return _place(customer.time_zone, customer.country, *company)


@lru_cache(maxsize=10_000)  # the customers of a company live in few places
def _place(
    time_zone: str | None, country: str | None, company_zone: str | None, company_country: str
) -> Place:
    own = time_zone if time_zone in zone_names() else None
    named = (country or "").strip().upper()
    lives_in = named or (_country_of_zone(own) if own else "") or company_country.upper()
    first, *others = ((own,) if own else zones_of_country(named)) or (company_zone,)
    return Place(known_zone(first), lives_in, tuple(others))


@cache
def zones_of_country(country: str) -> tuple[str, ...]:
    """The time zones of a country, one of each clock; none of what is no country.

    Where nearly all people have one clock it is that alone.
    """
    if country in ONE_CLOCK:
        return (ONE_CLOCK[country],)
    if country == NO_COUNTRY:
        return ()
    well_known = set(get_global("windows_zone_mapping").values())
    by_clock: dict[tuple[object, ...], str] = {}
    zones = (zone for zone in get_global("territory_zones").get(country, ()) if zone in zone_names())
    for zone in sorted(zones, key=lambda zone: (zone not in well_known, zone)):
        clock = tuple(instant.astimezone(zone_of(zone)).utcoffset() for instant in SAMPLED_INSTANTS)
        by_clock.setdefault(clock, zone)
    return tuple(by_clock.values())


@cache
def _country_of_zone(zone: str) -> str:
    country = str(get_global("zone_territories").get(zone, ""))
    return country if country != NO_COUNTRY else ""
