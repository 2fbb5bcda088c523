"""How many answers come from what looks like one device, within one day, without knowing any device.

A device is the network of an address with a user agent. Of both together a keyed hash is kept until the day
of the company ends, by a salt that is made for that day and deleted with it; after that nobody, we neither,
can tell which answers came from one device, or compare two days. An answer gets its ordinal alone.
"""

import hmac
import secrets
from datetime import date, datetime, time, timedelta

from fastapi import Request

from services.collector.repository import devices
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.http.client_networks import address_of, network_of
from shared.secrets import derive
from shared.values.zones import zone_of

SALT_BYTES = 32


class DeviceHashes:
    """The hashes of devices by the salts of the day, which are read once."""

    def __init__(self, secret: str) -> None:
        self._key = derive(secret, "devices")
        self._salts: dict[str, tuple[date, bytes]] = {}

    def known_salt(self, tenant: str, day: date) -> bytes | None:
        """The salt of a day, if it was read before."""
        known = self._salts.get(tenant)
        return known[1] if known is not None and known[0] == day else None

    def keep_salt(self, tenant: str, day: date, salt: bytes) -> None:
        """Remember a salt; that of the day before is forgotten."""
        self._salts[tenant] = day, salt

    def hash_of(self, salt: bytes, network: str, agent: str) -> bytes:
        """The hash of a device for one day of one company."""
        return hmac.digest(self._key + salt, f"{network}\n{agent}".encode(), "sha256")


async def device_ordinal(
    uow: UnitOfWork, request: Request, hashes: DeviceHashes, company: Tenant
) -> int | None:
    """Count an answer with its device: 1, 2, or 3 for the third and all later ones of the day. None: the
    address or the user agent is not known.
    """
    agent = request.headers.get("user-agent", "")
    if not agent or address_of(request) is None:
        return None
    zone = zone_of(company.time_zone)
    day = uow.now.astimezone(zone).date()
    ends_at = datetime.combine(day + timedelta(days=1), time(), zone)
    salt = await _salt_of(uow, hashes, company.id, day, ends_at)
    device = hashes.hash_of(salt, network_of(request), agent)
    return await devices.count_answer(uow, company.id, day, device, ends_at)


async def _salt_of(uow: UnitOfWork, hashes: DeviceHashes, tenant: str, day: date, ends_at: datetime) -> bytes:
    salt = hashes.known_salt(tenant, day)
    if salt is None and (salt := await devices.find_salt(uow, tenant, day)) is not None:
        # One that this transaction makes is not remembered: it may be rolled back.
        hashes.keep_salt(tenant, day, salt)
    return salt or await devices.make_salt(uow, tenant, day, secrets.token_bytes(SALT_BYTES), ends_at)
