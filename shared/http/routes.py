"""The order in which every route checks a request: content type, caller, address, and last the body."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

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

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


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
            admission = http_of(request).admission
            await bounded.body()
            async with admission.turn(requester):
                return await answer(bounded)

        return handle


def caller_checks(dependant: Dependant) -> Iterator[CallerCheck[Any]]:
    """The caller checks among a route's dependencies, in the order of their declaration."""
    for each in dependant.dependencies:
        if isinstance(each.call, CallerCheck):
            yield each.call
        yield from caller_checks(each)


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
