"""The order in which every route looks at a request: its kind, who calls, the address, and last the body."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute

from shared.http.admission import Who
from shared.http.bounded_request import FORM_MEDIA_TYPE, BoundedRequest, media_type, other_form
from shared.http.caller_checks import CallerCheck
from shared.http.context import http_of
from shared.http.problems import Problem
from shared.http.text_safety import check_address_text, check_form_text

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CheckedRoute(APIRoute):
    """The route class of every router (``APIRouter(route_class=Ordered)``).

    The framework would decode the body before it asks a dependency, so whoever has no key could have us
    decode anything.
    """

    def get_route_handler(self) -> Handler:
        """What answers a request."""
        answer, checks = super().get_route_handler(), list(caller_checks(self.dependant))
        takes_form = self.body_field is not None and isinstance(self.body_field.field_info, Form)
        takes_json = self.body_field is not None and not takes_form

        async def handle(request: Request) -> Response:
            kind = media_type(request)
            if kind and takes_form and kind != FORM_MEDIA_TYPE:
                raise other_form()
            if kind and takes_json and not _is_json(kind):
                raise Problem(415)
            bounded = BoundedRequest(request.scope, request.receive)
            found = [await check(bounded) for check in checks]
            check_address_text(bounded)
            if takes_form:
                await check_form_text(bounded)
            who = next(filter(None, map(Who.of, found)), None)
            if who is None:
                return await answer(bounded)
            admission = http_of(request).admission
            await bounded.body()
            async with admission.turn(who):
                return await answer(bounded)

        return handle


def caller_checks(dependant: Dependant) -> Iterator[CallerCheck[Any]]:
    """The checks among a route's dependencies, in the order in which they are declared."""
    for each in dependant.dependencies:
        if isinstance(each.call, CallerCheck):
            yield each.call
        yield from caller_checks(each)


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
