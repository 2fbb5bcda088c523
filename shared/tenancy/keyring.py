"""The API keys of all tenants, in memory and read again every second: a revoked key ends within seconds.

An unknown key is read at once, so that a new key is valid from its first use.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from shared.api_keys import ApiKey, KeysUnavailable
from shared.db.database import Database
from shared.errors import is_retryable
from shared.events import CompanyState
from shared.health import Health
from shared.runtime import Periodic
from shared.telemetry import metrics
from shared.tenancy.key_uses import NotedUses
from shared.tenancy.tenants import all_tenants
from shared.values.display_names import NO_NAMES

log = structlog.get_logger()

REFRESH_INTERVAL_S = 1.0
USES_INTERVAL_S = 60.0
MAX_KEYS_AGE_S = 300.0
"""While the database is away, keys stay valid for so long, revoked ones too."""

TENANT_VERSIONS = "SELECT count(*) AS n, CAST(coalesce(sum(version), 0) AS bigint) AS versions FROM tenant"
"""Changes with every change of a tenant."""


def digest_of(token: str) -> str:
    """SHA-256 of a key. It needs no salt, since a key is 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class _Known:
    digest: str
    key: ApiKey
    expires_at: float | None


@dataclass
class TenantKeyRing:
    """Finds the tenant and the scopes of an API key."""

    database: Database
    health: Health
    _known: dict[str, _Known] = field(default_factory=dict)
    _states: dict[str, CompanyState] = field(default_factory=dict)
    """Of the companies that do not run."""
    _names: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Of the companies that have named something."""
    _uses: NotedUses = field(init=False)
    _version: tuple[int, int] = (-1, -1)
    _read_at: float | None = None
    """When the last successful reading began."""
    _tried_at: float = float("-inf")
    """When the last reading began, successful or not."""
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._uses = NotedUses(self.database)

    def company_state(self, tenant: str) -> CompanyState:
        """Whether the company runs, from memory."""
        return self._states.get(tenant, "running")

    def display_names(self, tenant: str) -> Mapping[str, str]:
        """What the company's people read in place of dimensions and segments, from memory."""
        return self._names.get(tenant, NO_NAMES)

    def note_use(self, key: ApiKey, route: str) -> None:
        """Note in memory that the key opened this route now."""
        self._uses.note(key.tenant, key.id, route)

    async def run_uses(self, stopping: asyncio.Event) -> None:
        """Write the noted uses once a minute, and the last of them when the process stops."""
        await Periodic("key uses", self._uses.write, USES_INTERVAL_S, self.health).run(stopping)
        try:
            await self._uses.write()
        except Exception as error:
            if not is_retryable(error):
                raise
            log.warning("key_uses_not_written", error=type(error).__name__)

    def lookup(self, token: str) -> ApiKey | None:
        """The key, if it exists and is valid.

        :raises KeysUnavailable: when the keys could not be read for minutes.
        """
        if self._read_at is None or time.monotonic() - self._read_at > MAX_KEYS_AGE_S:
            raise KeysUnavailable
        digest = digest_of(token)
        known = self._known.get(digest)
        if known is None or not hmac.compare_digest(known.digest, digest):
            return None
        if known.expires_at is not None and known.expires_at <= self.database.clock().timestamp():
            return None
        return known.key

    async def lookup_fresh(self, token: str) -> ApiKey | None:
        """Like `lookup`, after a reading that begins now or later: a key is valid as soon as it is made.

        Concurrent callers share one reading, also when it fails: otherwise each of them in turn, and the
        ring's own loop behind them, would wait for a database that is away.

        :raises KeysUnavailable: when the database is away.
        """
        called_at = time.monotonic()
        async with self._reading:
            if self._tried_at < called_at:
                try:
                    await self._read()
                except Exception as error:
                    if not is_retryable(error):
                        raise
                    raise KeysUnavailable from error
            elif self._read_at != self._tried_at:
                raise KeysUnavailable
        return self.lookup(token)

    async def run(self, stopping: asyncio.Event) -> None:
        """Read the keys again whenever a tenant has changed."""
        await Periodic(
            "keys", self._step, REFRESH_INTERVAL_S, self.health, max_backoff_s=REFRESH_INTERVAL_S
        ).run(stopping)

    async def _step(self) -> None:
        reachable = metrics.REACHABLE.labels(self.database.name, "database")
        try:
            await self.refresh()
        except Exception as error:
            if is_retryable(error):
                reachable.set(0)
            raise
        reachable.set(1)

    async def refresh(self) -> None:
        """Read the keys if a tenant has changed."""
        async with self._reading:
            await self._read()

    async def _read(self) -> None:
        self._tried_at = began_at = time.monotonic()
        async with self.database.reading() as uow:
            row = (await uow.execute(TENANT_VERSIONS)).one()
            if (row.n, row.versions) != self._version:
                tenants = await all_tenants(uow)
                self._states = {each.id: each.state for each in tenants if each.state != "running"}
                self._names = {each.id: each.display_names for each in tenants if each.display_names}
                self._known = {
                    key.digest: _Known(
                        key.digest,
                        ApiKey(
                            tenant=tenant.id,
                            id=key.id,
                            name=key.name,
                            scopes=frozenset(key.scopes),
                            country=tenant.country,
                            source=key.source or None,
                        ),
                        key.expires_at.timestamp() if key.expires_at else None,
                    )
                    for tenant in tenants
                    if not tenant.is_closed
                    for key in tenant.keys
                    if key.revoked_at is None
                }
                self._version = (row.n, row.versions)
        self._read_at = began_at
