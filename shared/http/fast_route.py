"""A route whose checks are called directly: for the one door where every microsecond is a client's."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from shared.http.admission import Who
from shared.http.context import http_of
from shared.http.routes import CheckedRoute
from shared.http.text_safety import check_address_text


class FastRoute(CheckedRoute):
    """Documented like any other route, but nothing is solved for it: FastAPI's solver takes a quarter of the
    time of a request that does little else.

    The handler takes the request, and what its dependencies find, and answers with a response; each of these
    takes the request alone. What every other route is asked is asked here too, in the same order; the body is
    the handler's to judge, its content type included.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request.

        :raises TypeError: when the handler, or one of its dependencies, wants more than the request.
        """
        own = self.dependant
        for each in (own, *own.dependencies):
            parts = (each.path_params, each.query_params, each.header_params, each.cookie_params)
            nested = each is not own and each.dependencies
            if nested or any(parts) or each.body_params or each.request_param_name != "request":
                raise TypeError(f"{self.path}: a direct route and its dependencies take the request alone")
        checks = [(each.name, each.call) for each in own.dependencies if each.name and each.call]
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            found = {name: await check(request) for name, check in checks}
            check_address_text(request)
            who = next(filter(None, map(Who.of, found.values())), None)
            if who is None:
                unbounded: Response = await endpoint(request=request, **found)
                return unbounded
            with http_of(request).admission.direct(who):
                response: Response = await endpoint(request=request, **found)
                return response

        return handle
