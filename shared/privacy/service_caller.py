"""Routes that only our own services ask, by a signed token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from fastapi.security.utils import get_authorization_scheme_param

from shared.db.database import UnitOfWork
from shared.http.caller_checks import CallerCheck
from shared.http.problems import Problem
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceClaims, ServicePurpose, ServiceTokens
from shared.tenancy.closed import find_left
from shared.values.messages import message

MAX_WAIT_S = 15.0


class service_caller(CallerCheck[ServiceClaims]):  # noqa: N801  (reads as what it does where a route is declared)
    """A dependency: what another service of ours asks for, by a token for this purpose."""

    def __init__(self, tokens: ServiceTokens, purpose: ServicePurpose) -> None:
        self._tokens = tokens
        self._purpose: ServicePurpose = purpose

    async def check(self, request: Request) -> ServiceClaims:
        """The claims.

        :raises Problem: 401 without a valid token.
        """
        scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
        claims = self._tokens.verify(self._purpose, token) if scheme.lower() == TOKEN_SCHEME.lower() else None
        if claims is None:
            raise Problem(401, headers={"WWW-Authenticate": TOKEN_SCHEME})
        return claims


async def refuse_left(uow: UnitOfWork, tenant: str) -> None:
    """Refuse to store anything of a company that has left: asked first, in the transaction that stores.

    :raises Problem: 410.
    """
    if await find_left(uow, [tenant]):
        raise Problem(410, message("Your company has left Afterword."))


class ServiceLane:
    """Runs few requests at once, such as those of other services, beside those that ``Admission`` counts.

    The request that they are part of already has its place at the service that asks: a second one of the same
    tenant here might not come before the first one has to give up.
    """

    def __init__(self, max_wait_s: float = MAX_WAIT_S, max_running: int = 1) -> None:
        self._running = asyncio.Semaphore(max_running)
        self._max_wait_s = max_wait_s

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn and hold it. The request must hold no database connection while it waits.

        :raises Problem: 503 when it does not come in time.
        """
        try:
            async with asyncio.timeout(self._max_wait_s):
                await self._running.acquire()
        except TimeoutError:
            raise Problem(503, headers={"Retry-After": "5"}) from None
        try:
            yield
        finally:
            self._running.release()
