"""The order in which every route checks a request: content type, caller, address, and last the body."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute

from shared.http.admission import Requester
from shared.http.bounded_request import FORM_MEDIA_TYPE, BoundedRequest, wrong_form_type
from shared.http.caller_checks import CallerCheck
from shared.http.context import http_of
from shared.http.media_types import media_type_of
from shared.http.problems import Problem
from shared.http.readers import reading
from shared.http.text_safety import check_address_text, check_form_text
from shared.values.display_names import showing_names
from shared.values.messages import message

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
IN_MEMORY_BYTES = 128 * 1024
"""Of a file; a longer one is on the disk."""
_FILE_KEY = "afterword.file"


class CheckedRoute(APIRoute):
    """The route class of every router (``APIRouter(route_class=CheckedRoute)``).

    The framework alone would decode the body before it calls a dependency: a caller without a key could make
    us decode anything.
    """

    def get_route_handler(self) -> Handler:
        """The function that answers a request."""
        answer, checks = super().get_route_handler(), list(caller_checks(self.dependant))
        takes_form = self.body_field is not None and isinstance(self.body_field.field_info, Form)
        takes_json = self.body_field is not None and not takes_form

        async def handle(request: Request) -> Response:
            with reading(request):
                return await checked(request)

        async def checked(request: Request) -> Response:
            kind = media_type_of(request)
            if kind and takes_form and kind != FORM_MEDIA_TYPE:
                raise wrong_form_type()
            if kind and takes_json and not _is_json(kind):
                raise Problem(415)
            bounded = BoundedRequest(request.scope, request.receive)
            found = [await check(bounded) for check in checks]
            check_address_text(bounded)
            if takes_form:
                await check_form_text(bounded)
            requester = next(filter(None, map(Requester.of, found)), None)
            if requester is None:
                return await answer(bounded)
            http = http_of(request)
            await self.arrive(bounded)
            async with http.admission.turn(requester):
                with showing_names(http.keys.display_names(requester.tenant)):
                    return await answer(bounded)

        return handle

    async def arrive(self, request: Request) -> None:
        """Take in the whole body, before the request has its turn: a slow one keeps nobody waiting."""
        await request.body()


class FileRoute(CheckedRoute):
    """A route whose body is a file: it waits on the disk until its turn, never in memory."""

    def get_route_handler(self) -> Handler:
        """The function that answers a request."""
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
                request.scope[_FILE_KEY] = file
                return await answer(request)

        return handle

    async def arrive(self, request: Request) -> None:
        """Write the body to the file.

        :raises Problem: 415 for one that is packed.
        """
        if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise Problem(415, detail=message("Send it without a Content-Encoding."))
        file = file_of(request)
        async for chunk in request.stream():
            await asyncio.to_thread(file.write, chunk)


def file_of(request: Request) -> BinaryIO:
    """The body of a request to a ``FileRoute``; it is closed when the request is answered."""
    file: BinaryIO = request.scope[_FILE_KEY]
    return file


def caller_checks(dependant: Dependant) -> Iterator[CallerCheck[Any]]:
    """The caller checks among a route's dependencies, in the order of their declaration."""
    for each in dependant.dependencies:
        if isinstance(each.call, CallerCheck):
            yield each.call
        yield from caller_checks(each)


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
