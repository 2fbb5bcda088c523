"""Sign-in: how often it may be tried, which accounts a password opens, and which cookies are set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from services.alerts.staff.companies import COMPANIES_COOKIE, Companies, CompanyChoice
from services.alerts.staff.devices import device_of
from services.alerts.staff.known_browsers import KNOWN_COOKIE, KNOWN_LIFETIME, KnownBrowsers
from services.alerts.staff.passwords import Passwords
from services.alerts.staff.repository import people, sessions
from services.alerts.staff.sessions import SESSION_LIFETIME_S, new_session
from services.alerts.staff.sign_in_tokens import Token
from shared.db.database import Database, UnitOfWork
from shared.http.client_networks import network_of, site_of
from shared.http.rate_limit import RateLimit, attempt
from shared.http.readers import LANGUAGE_COOKIE
from shared.http.staff_auth import (
    ACCESS_COOKIE,
    ACCESS_PASS_LIFETIME_S,
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

    An attempt counts for the caller's network, for the account from that network and from its site, and for
    the account from everywhere, so that guessing is slow, and no household uses up the account's share. A
    browser that has signed in to the account before counts by itself alone: neither a stranger nor a
    colleague behind the same address can keep the owner out.
    """

    database: Database
    access: AccessPass
    known_browsers: KnownBrowsers
    companies: Companies
    secure: bool
    """Whether the staff's address is https: its cookies are then for that host alone."""
    passwords: Passwords = field(default_factory=Passwords)
    per_network: RateLimit = field(default_factory=lambda: RateLimit(burst=50, interval_s=2.0))
    per_account_and_network: RateLimit = field(default_factory=lambda: RateLimit(burst=10, interval_s=30.0))
    per_account_and_site: RateLimit = field(default_factory=lambda: RateLimit(burst=50, interval_s=30.0))
    per_account: RateLimit = field(default_factory=lambda: RateLimit(burst=1_000, interval_s=10.0))
    per_known_browser: RateLimit = field(default_factory=lambda: RateLimit(burst=10, interval_s=30.0))

    @classmethod
    def with_secret(cls, secret: str, database: Database, *, secure: bool) -> "SignIn":
        """Sign-in with the keys that follow from the root secret."""
        return cls(database, AccessPass(secret), KnownBrowsers(secret), Companies(secret), secure)

    def count_attempt(self, request: Request, account: str = "", *, known: str = "") -> None:
        """Count an attempt. ``known`` is the browser, or the session, that has opened this account before.

        :raises Problem: 429 when there were too many.
        """
        if known:
            attempt((self.per_known_browser, f"{account} {known}"))
            return
        buckets = [(self.per_network, network_of(request))]
        if account:
            buckets += [
                (self.per_account_and_network, f"{account} {network_of(request)}"),
                (self.per_account_and_site, f"{account} {site_of(request)}"),
                (self.per_account, account),
            ]
        attempt(*buckets)

    def known_browser(self, request: Request, address: str) -> str:
        """The browser's random name, if this address has signed in from it before; else empty."""
        return self.known_browsers.read(cookie_of(request, KNOWN_COOKIE), address)

    async def accounts_of(self, address: str, password: str, *, known: bool) -> list[Any]:
        """The accounts that address and password open, in the same time however many there are.

        :raises Problem: 503 when too many sign in at once.
        """
        async with self.database.reading() as uow:
            found = await people.accounts_of_address(uow, address)
        matching = await self.passwords.matching(
            [one.password_hash for one in found],
            password,
            times=people.MAX_COMPANIES_PER_ADDRESS,
            known=known,
        )
        return [one for one, matches in zip(found, matching, strict=True) if matches]

    def remember_browser(
        self, request: Request, response: Response, address: str, accounts: Sequence[Any]
    ) -> None:
        """Set the cookies by which the browser is known, and which list the companies to choose from."""
        known = self.known_browsers.sign(address, cookie_of(request, KNOWN_COOKIE))
        self._set_cookie(response, KNOWN_COOKIE, known, int(KNOWN_LIFETIME.total_seconds()))
        if len(accounts) > 1:
            self._set_cookie(response, COMPANIES_COOKIE, self.companies.sign(accounts), SESSION_LIFETIME_S)
        else:
            self._delete_cookie(response, COMPANIES_COOKIE)

    async def companies_to_choose(self, uow: UnitOfWork, request: Request) -> list[CompanyChoice]:
        """The companies that this browser may choose."""
        return await self.companies.read(uow, cookie_of(request, COMPANIES_COOKIE), staff_of(request))

    async def start_session(
        self, request: Request, response: Response, uow: UnitOfWork, tenant: str, person: UUID
    ) -> None:
        """Start a session and set its cookies."""
        device = device_of(request.headers.get("user-agent", ""))
        token = await new_session(uow, tenant, person, device)
        session = await sessions.find_session(uow, tenant, token.digest)
        self._set_cookie(response, SESSION_COOKIE, str(token), SESSION_LIFETIME_S)
        self.set_pass(response, session)

    async def session_of(self, request: Request) -> Any | None:
        """The session of this request with its person; None without one that lasts."""
        token = Token.read(cookie_of(request, SESSION_COOKIE))
        if token is None:
            return None
        async with self.database.reading() as uow:
            return await sessions.find_session(uow, token.tenant, token.digest)

    def set_pass(self, response: Response, session: Any) -> None:
        """Set the cookie of the pass, which lasts five minutes, and that of the person's language."""
        self._set_cookie(response, ACCESS_COOKIE, self._pass(session), ACCESS_PASS_LIFETIME_S)
        if session.language:
            self._set_cookie(response, LANGUAGE_COOKIE, session.language, SESSION_LIFETIME_S)
        else:
            self._delete_cookie(response, LANGUAGE_COOKIE)

    def delete_cookies(self, response: Response) -> None:
        """Delete the cookies that give access."""
        for name in (ACCESS_COOKIE, SESSION_COOKIE, COMPANIES_COOKIE):
            self._delete_cookie(response, name)

    def _pass(self, session: Any) -> str:
        return self.access.sign(
            Staff(
                session.tenant,
                session.id,
                session.name,
                session.role,
                tuple(session.segments),
                str(session.session_id),
                session.expires_at,
            )
        )

    def _set_cookie(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            cookie_name(name, encrypted=self.secure),
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def _delete_cookie(self, response: Response, name: str) -> None:
        response.delete_cookie(
            cookie_name(name, encrypted=self.secure),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )
