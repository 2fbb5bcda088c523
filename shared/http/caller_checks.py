"""Checks of the caller that run before the body of a request is read."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from fastapi import Request

Found = TypeVar("Found")
_RESULTS_KEY = "afterword.caller_checks"


class CallerCheck(ABC, Generic[Found]):
    """A dependency that identifies the caller, or checks a permission, by the head of the request alone.

    A route (``shared.http.routes``) calls it before it reads the body. The framework calls it again for the
    handler's arguments and gets the kept result.
    """

    async def __call__(self, request: Request) -> Found:
        results: dict[object, Found] = request.scope.setdefault(_RESULTS_KEY, {})
        if self not in results:
            results[self] = await self.check(request)
        return results[self]

    @abstractmethod
    async def check(self, request: Request) -> Found:
        """The result of the check.

        :raises Problem: when the caller is refused; the body is then never read.
        """
