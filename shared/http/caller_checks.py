"""Who calls is asked before what they send is read."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from fastapi import Request

Found = TypeVar("Found")
_KNOWN = "afterword.caller_checks"


class CallerCheck(ABC, Generic[Found]):
    """A dependency that tells who calls, or whether they may, by the head of the request alone.

    A route (``shared.http.routes``) asks it before it reads the body, and the framework asks it again when it
    gathers what the handler takes: the second time it answers from memory.
    """

    async def __call__(self, request: Request) -> Found:
        known: dict[object, Found] = request.scope.setdefault(_KNOWN, {})
        if self not in known:
            known[self] = await self.check(request)
        return known[self]

    @abstractmethod
    async def check(self, request: Request) -> Found:
        """Who it is.

        :raises Problem: when they may not; the body is then never read.
        """
