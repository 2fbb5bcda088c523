"""Where a customer lives, as far as it is known: whose clock and whose calendar count."""

from functools import cache, lru_cache
from typing import NamedTuple

from babel.core import get_global

from shared.events import Customer, Tenant
from shared.values.zones import known_zone, zone_names

ONE_CLOCK = {
    "AR": "America/Argentina/Buenos_Aires",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "KZ": "Asia/Almaty",
    "MY": "Asia/Kuala_Lumpur",
    "UZ": "Asia/Tashkent",
}
"""Countries that have several zones by name and one time."""

NO_COUNTRY = "ZZ"
"""Of zones that are no places, such as UTC."""


class Place(NamedTuple):
    """A time zone that this machine knows, and a country by its two letters (empty: not known)."""

    zone: str
    country: str


def place_of(customer: Customer, tenant: Tenant | None) -> Place:
    """The customer's own zone, else that of their country where it has one, else the company's.

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
    zone = own or zone_of_country(named) or company_zone
    return Place(known_zone(zone), named or (_country_of_zone(own) if own else "") or company_country.upper())


@cache
def zone_of_country(country: str) -> str | None:
    """The time zone of a country that has one time; None of others and of what is no country."""
    zones = get_global("territory_zones").get(country, [])
    return ONE_CLOCK.get(country) or (zones[0] if len(zones) == 1 else None)


@cache
def _country_of_zone(zone: str) -> str:
    country = str(get_global("zone_territories").get(zone, ""))
    return country if country != NO_COUNTRY else ""
