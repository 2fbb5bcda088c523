"""The sender of the installation: the address of the settings, and the keys that its mails are signed with.

A new key is added behind the old one. It signs once this process has seen its record in DNS: until then
nobody could verify what it signs.
"""

from collections.abc import Sequence

import structlog

from shared.health import Health
from shared.mail.dkim import DomainKey
from shared.mail.dkim_records import find_key
from shared.mail.dns import Dns, DnsUnavailable
from shared.mail.wire_addresses import on_the_wire
from shared.runtime import NEVER_AGAIN, Loop, Periodic
from shared.settings import Afterword
from shared.values.dkim_keys import DkimKey, read_keys, signing_keys

log = structlog.get_logger()

KEY_RECORDS_LOOP = "key records"
LOOK_INTERVAL_S = 60.0


class InstallationSender:
    """The address that mails come from unless a company has one of its own."""

    def __init__(self, address: str, keys: Sequence[DkimKey] = ()) -> None:
        """:param keys: all that the settings name, the newest last."""
        self.address = address
        self.domain = on_the_wire(address).rpartition("@")[2].lower()
        self.all_keys = tuple(keys)
        self._seen: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[DomainKey, ...]:
        """Those that sign now, one of each kind."""
        return tuple(DomainKey(self.domain, key) for key in signing_keys(self.all_keys, self._seen))

    @property
    def is_rotating(self) -> bool:
        """Whether there are two keys of one kind."""
        return len({key.algorithm for key in self.all_keys}) < len(self.all_keys)

    async def look(self, dns: Dns) -> None:
        """See which keys have their record; where DNS gives no answer, what was seen before counts."""
        look, seen = dns.look(), set(self._seen)
        for key in self.all_keys:
            try:
                found = await find_key(look, self.domain, key)
            except DnsUnavailable:
                continue
            (seen.add if found.matches else seen.discard)(key.selector)
        if seen != self._seen:
            log.info("key_records", domain=self.domain, seen=sorted(seen))
        self._seen = frozenset(seen)

    def loop(self, afterword: Afterword, health: Health) -> Loop:
        """The loop of a process that sends: it looks for the records of new keys."""
        dns = Dns(afterword.dns)

        async def step() -> float | None:
            if not self.is_rotating:
                return NEVER_AGAIN
            await self.look(dns)
            return None

        return Periodic(KEY_RECORDS_LOOP, step, LOOK_INTERVAL_S, health).run


def installation_sender(afterword: Afterword) -> InstallationSender:
    """The sender of the settings."""
    keys = read_keys(afterword.dkim_keys.get_secret_value()) if afterword.dkim_keys is not None else []
    return InstallationSender(afterword.mail_from, keys)
