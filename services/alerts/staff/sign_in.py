"""Sign-in: how often it may be tried, which accounts a password opens, and which cookies are set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.staff.companies import COMPANIES_COOKIE, Companies, CompanyChoice
from services.alerts.staff.devices import device_of
from services.alerts.staff.known_browsers import KNOWN_COOKIE, KNOWN_LIFETIME, KnownBrowsers
from services.alerts.staff.passwords import Passwords
from services.alerts.staff.pending_sign_in import (
    PENDING_COOKIE,
    PENDING_LIFETIME_S,
    PendingSignIn,
    PendingSignIns,
)
from services.alerts.staff.repository import people, providers, sessions
from services.alerts.staff.second_factors import SecondFactors
from services.alerts.staff.sessions import SESSION_LIFETIME_S, new_session, session_id
from shared.db.database import Database, UnitOfWork
from shared.http.client_networks import network_of, site_of
from shared.http.company_tokens import Token
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
    pending: PendingSignIns
    second_factors: SecondFactors
    secure: bool
    """Whether the staff's address is https: its cookies are then for that host alone."""
    passwords: Passwords = field(default_factory=Passwords)
    per_network: RateLimit = field(default_factory=lambda: RateLimit(burst=50, interval_s=2.0))
    per_account_and_network: RateLimit = field(default_factory=lambda: RateLimit(burst=10, interval_s=30.0))
    per_account_and_site: RateLimit = field(default_factory=lambda: RateLimit(burst=50, interval_s=30.0))
    per_account: RateLimit = field(default_factory=lambda: RateLimit(burst=1_000, interval_s=10.0))
    per_known_browser: RateLimit = field(default_factory=lambda: RateLimit(burst=10, interval_s=30.0))
    per_second_factor: RateLimit = field(default_factory=lambda: RateLimit(burst=10, interval_s=120.0))
    """Of an account from everywhere: who is asked for a code has the password already."""

    @classmethod
    def with_secret(cls, secret: str, database: Database, *, secure: bool) -> "SignIn":
        """Sign-in with the keys that follow from the root secret."""
        return cls(
            database,
            AccessPass(secret),
            KnownBrowsers(secret),
            Companies(secret),
            PendingSignIns(secret),
            SecondFactors(secret),
            secure,
        )

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

    def count_code(self, request: Request, account: Any, *, session: str = "") -> None:
        """Count an attempt at the second factor of an account, at sign-in or in a session.

        :raises Problem: 429 when there were too many.
        """
        about = f"code {account.tenant} {account.id}"
        if session:
            attempt((self.per_second_factor, f"{about} {session}"))
        elif known := self.known_browser(request, account.address):
            attempt((self.per_known_browser, f"{about} {known}"))
        else:
            attempt((self.per_network, network_of(request)), (self.per_second_factor, about))

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

    def remember_companies(self, response: Response, accounts: Sequence[Any]) -> None:
        """Set the cookie that lists the companies to choose from, if there are several."""
        if len(accounts) > 1:
            self.set_cookie(response, COMPANIES_COOKIE, self.companies.sign(accounts), SESSION_LIFETIME_S)
        else:
            self.delete_cookie(response, COMPANIES_COOKIE)

    async def companies_to_choose(self, uow: UnitOfWork, request: Request) -> list[CompanyChoice]:
        """The companies that this browser may choose."""
        return await self.companies.read(uow, cookie_of(request, COMPANIES_COOKIE), staff_of(request))

    async def enter(self, request: Request, uow: UnitOfWork, account: Any, goal: str) -> Response:
        """After the password: to the goal with a session, or to the second factor that is asked for first."""
        if await providers.only_by_provider(uow, [account.tenant]):
            return RedirectResponse(provider_address(account.tenant, goal), 303)
        step = await self.second_factors.next_step(uow, account.tenant, account.id)
        if step is None:
            response: Response = RedirectResponse(goal, 303)
            await self.open_session(request, response, uow, account)
        else:
            response = RedirectResponse(f"/login/{step}", 303)
            self.set_cookie(response, PENDING_COOKIE, self.pending.sign(account, goal), PENDING_LIFETIME_S)
        return response

    async def pending_of(self, uow: UnitOfWork, request: Request) -> PendingSignIn | None:
        """The account of which this browser has given the password alone, where passwords let anybody in."""
        pending = await self.pending.read(uow, cookie_of(request, PENDING_COOKIE))
        if pending is not None and await providers.only_by_provider(uow, [pending.account.tenant]):
            return None
        return pending

    async def open_session(
        self,
        request: Request,
        response: Response,
        uow: UnitOfWork,
        account: Any,
        *,
        by_provider: bool = False,
    ) -> None:
        """Start a session in place of this browser's present one, and know the browser from now on.

        It is known only after all factors, else the password alone would give attempts at the second one; and
        never by a provider's word, which may be that of another company that names the same address.
        """
        if (here := staff_of(request)) is not None:
            await sessions.delete_session(uow, here.tenant, session_id(here))
        await self.start_session(request, response, uow, account.tenant, account.id, by_provider=by_provider)
        self.delete_cookie(response, PENDING_COOKIE)
        if not by_provider:
            known = self.known_browsers.sign(account.address, cookie_of(request, KNOWN_COOKIE))
            self.set_cookie(response, KNOWN_COOKIE, known, int(KNOWN_LIFETIME.total_seconds()))

    async def start_session(
        self,
        request: Request,
        response: Response,
        uow: UnitOfWork,
        tenant: str,
        person: UUID,
        *,
        by_provider: bool = False,
    ) -> None:
        """Start a session and set its cookies."""
        device = device_of(request.headers.get("user-agent", ""))
        token = await new_session(uow, tenant, person, device, by_provider=by_provider)
        session = await sessions.find_session(uow, tenant, token.digest)
        self.set_cookie(response, SESSION_COOKIE, str(token), SESSION_LIFETIME_S)
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
        self.set_cookie(response, ACCESS_COOKIE, self._pass(session), ACCESS_PASS_LIFETIME_S)
        if session.language:
            self.set_cookie(response, LANGUAGE_COOKIE, session.language, SESSION_LIFETIME_S)
        else:
            self.delete_cookie(response, LANGUAGE_COOKIE)

    def delete_cookies(self, response: Response) -> None:
        """Delete the cookies that give access."""
        for name in (ACCESS_COOKIE, SESSION_COOKIE, COMPANIES_COOKIE, PENDING_COOKIE):
            self.delete_cookie(response, name)

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

    def set_cookie(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Set one of our cookies, which no script reads."""
        response.set_cookie(
            cookie_name(name, encrypted=self.secure),
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def delete_cookie(self, response: Response, name: str) -> None:
        """Delete one of our cookies."""
        response.delete_cookie(
            cookie_name(name, encrypted=self.secure),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )


def provider_address(tenant: str, goal: str = "/") -> str:
    """The page from which the people of a company go to their identity provider."""
    return f"/login/provider?{urlencode({'company': tenant, 'next': goal})}"
