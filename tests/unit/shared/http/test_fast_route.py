from collections.abc import Callable
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, Query, Request, Response
from support.http_clients import an_app

from shared.http.fast_route import FastRoute
from shared.http.problems import Problem


async def caller_of(request: Request) -> str:
    name = request.headers.get("x-caller")
    if name is None:
        raise Problem(401)
    return name


async def wants_a_query(request: Request, most: Annotated[int, Query()]) -> int:
    return most


def api_client() -> httpx.AsyncClient:
    router = APIRouter(route_class=FastRoute)

    @router.post("/things")
    async def post(request: Request, caller: Annotated[str, Depends(caller_of)]) -> Response:
        return Response(f"{caller} {len(await request.body())}")

    app = an_app([router], service="test")
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://a.example")


async def test_a_fast_route_gets_the_request_and_the_result_of_its_check() -> None:
    async with api_client() as client:
        answer = await client.post("/things", content=b"abc", headers={"x-caller": "shop"})
        assert (answer.status_code, answer.text) == (200, "shop 3")


async def test_a_fast_route_is_refused_by_its_check_and_by_the_checks_of_every_route() -> None:
    async with api_client() as client:
        assert (await client.post("/things")).status_code == 401
        assert (await client.post("/things?q=%00", headers={"x-caller": "shop"})).status_code == 400
        assert (await client.get("/things")).status_code == 405


async def named(request: Request, name: str) -> Response:
    return Response()


async def limited(request: Request, most: Annotated[int, Depends(wants_a_query)]) -> Response:
    return Response()


@pytest.mark.parametrize(("path", "handler"), [("/things/{name}", named), ("/things", limited)])
def test_a_fast_route_that_takes_more_than_the_request_is_refused(
    path: str, handler: Callable[..., object]
) -> None:
    router = APIRouter(route_class=FastRoute)
    with pytest.raises(TypeError, match="the request alone"):
        router.add_api_route(path, handler)
