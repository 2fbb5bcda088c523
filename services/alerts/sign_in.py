"""What sign-in needs of the process: who may try how often, which accounts open, which cookies are set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response

from services.alerts import accounts
from services.alerts.accounts import SESSION_LASTS
from services.alerts.companies import COMPANIES_COOKIE, Companies, Company
from services.alerts.devices import device_of
from services.alerts.known_browsers import KNOWN_COOKIE, LASTS, KnownBrowsers
from services.alerts.links import Token
from services.alerts.passwords import Passwords
from services.alerts.repository import people
from shared.db.database import Database, UnitOfWork
from shared.http.client_networks import network_of, site_of
from shared.http.rate_limit import RateLimit, attempt
from shared.http.staff_auth import (
    ACCESS_COOKIE,
    MAX_SEGMENTS_BYTES_IN_PASS,
    SESSION_COOKIE,
    AccessPass,
    Staff,
    cookie_name,
    cookie_of,
    staff_of,
)


@dataclass
class SignIn:
    """What sign-in needs of the process.

    An attempt counts for the caller's network, for the account from that network and its surroundings, and
    for the account from everywhere, so that guessing is slow, and no household uses up the account's share. A
    browser from which the account was opened before counts by itself alone: neither a stranger nor a
    colleague behind the same address can keep the owner out.
    """

    database: Database
    access: AccessPass
    known_browsers: KnownBrowsers
    companies: Companies
    secure: bool
    passwords: Passwords = field(default_factory=Passwords)
    per_network: RateLimit = field(default_factory=lambda: RateLimit(most=50, every=2.0))
    per_account_here: RateLimit = field(default_factory=lambda: RateLimit(most=10, every=30.0))
    per_account_near: RateLimit = field(default_factory=lambda: RateLimit(most=50, every=30.0))
    per_account: RateLimit = field(default_factory=lambda: RateLimit(most=1_000, every=10.0))
    per_known: RateLimit = field(default_factory=lambda: RateLimit(most=10, every=30.0))

    def count(self, request: Request, account: str = "", *, known: str = "") -> None:
        """Count an attempt. ``known``: the browser, or the session, that has opened this account before.

        :raises Problem: 429 when there were too many.
        """
        if known:
            attempt((self.per_known, f"{account} {known}"))
            return
        buckets = [(self.per_network, network_of(request))]
        if account:
            buckets += [
                (self.per_account_here, f"{account} {network_of(request)}"),
                (self.per_account_near, f"{account} {site_of(request)}"),
                (self.per_account, account),
            ]
        attempt(*buckets)

    def known_browser(self, request: Request, address: str) -> str:
        """Which browser it is, if this address has signed in from it before; else empty."""
        return self.known_browsers.read(cookie_of(request, KNOWN_COOKIE), address)

    async def accounts_of(self, address: str, password: str, *, known: bool) -> list[Any]:
        """The accounts that address and password open. How many there are takes no other time.

        :raises Problem: 503 when too many sign in at once.
        """
        async with self.database.reading() as uow:
            found = await people.who_may_sign_in(uow, address)
        matching = await self.passwords.matching(
            [one.password_hash for one in found], password, times=people.COMPANIES_AT_MOST, known=known
        )
        return [one for one, is_it in zip(found, matching, strict=True) if is_it]

    def remember(self, request: Request, response: Response, address: str, accounts: Sequence[Any]) -> None:
        """Let the browser keep that it is known, and which companies may be chosen."""
        known = self.known_browsers.mark(address, cookie_of(request, KNOWN_COOKIE))
        self._set(response, KNOWN_COOKIE, known, int(LASTS.total_seconds()))
        if len(accounts) > 1:
            lasts = int(SESSION_LASTS.total_seconds())
            self._set(response, COMPANIES_COOKIE, self.companies.sign(accounts), lasts)
        else:
            self._drop(response, COMPANIES_COOKIE)

    async def choices(self, uow: UnitOfWork, request: Request) -> list[Company]:
        """The companies to which this browser may go."""
        return await self.companies.read(uow, cookie_of(request, COMPANIES_COOKIE), staff_of(request))

    async def enter(
        self, request: Request, response: Response, uow: UnitOfWork, tenant: str, person: Any
    ) -> None:
        """Begin a session and hand out its cookies."""
        device = device_of(request.headers.get("user-agent", ""))
        token = await accounts.new_session(uow, tenant, person, device)
        session = await people.find_session(uow, tenant, token.digest)
        lasts = int(SESSION_LASTS.total_seconds())
        self._set(response, SESSION_COOKIE, str(token), lasts)
        self._set(response, ACCESS_COOKIE, self._pass(tenant, session), MAX_SEGMENTS_BYTES_IN_PASS)

    async def renewed(self, request: Request) -> str | None:
        """A new pass for the session of this request, if there is one and its person may still sign in."""
        token = Token.read(cookie_of(request, SESSION_COOKIE))
        if token is None:
            return None
        async with self.database.reading() as uow:
            session = await people.find_session(uow, token.tenant, token.digest)
        return None if session is None else self._pass(token.tenant, session)

    def hand_pass(self, response: Response, access: str) -> None:
        """Set the cookie of five minutes."""
        self._set(response, ACCESS_COOKIE, access, MAX_SEGMENTS_BYTES_IN_PASS)

    def leave(self, response: Response) -> None:
        """Take back what opens something."""
        for name in (ACCESS_COOKIE, SESSION_COOKIE, COMPANIES_COOKIE):
            self._drop(response, name)

    def _drop(self, response: Response, name: str) -> None:
        called = cookie_name(name, encrypted=self.secure)
        response.delete_cookie(called, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _pass(self, tenant: str, session: Any) -> str:
        return self.access.sign(
            Staff(
                tenant,
                session.id,
                session.name,
                session.role,
                tuple(session.segments),
                str(session.session_id),
                session.expires_at,
            )
        )

    def _set(self, response: Response, name: str, value: str, lasts: int) -> None:
        called = cookie_name(name, encrypted=self.secure)
        response.set_cookie(
            called, value, max_age=lasts, path="/", secure=self.secure, httponly=True, samesite="lax"
        )
