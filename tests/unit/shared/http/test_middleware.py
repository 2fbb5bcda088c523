import asyncio
from dataclasses import replace

import httpx2
import pytest
import structlog
from fastapi import FastAPI

from shared.http.middleware import masked

HTML = {"Accept": "text/html"}


async def test_a_clients_request_id_is_returned(web: httpx2.AsyncClient) -> None:
    assert (await web.get("/healthz", headers={"X-Request-Id": "abc-1"})).headers["x-request-id"] == "abc-1"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a;b", "{}"])
async def test_a_request_id_that_could_corrupt_a_log_is_replaced(web: httpx2.AsyncClient, given: str) -> None:
    made = (await web.get("/healthz", headers={"X-Request-Id": given})).headers["x-request-id"]
    assert made != given
    assert len(made) == 32


@pytest.mark.parametrize("path", ["/page", "/v1/nothing", "/healthz", "/boom", "/s/x"])
async def test_every_answer_carries_the_security_headers(web: httpx2.AsyncClient, path: str) -> None:
    headers = (await web.get(path, headers=HTML)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


async def test_a_static_file_is_kept_for_ever_under_its_content(
    web: httpx2.AsyncClient, app: FastAPI
) -> None:
    url = app.state.http.pages.assets.url("afterword.css")
    answer = await web.get(url)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    owner, digest, name = url.split("/")[2:]
    assert (await web.get(f"/static/{owner}/{'0' * len(digest)}/{name}")).status_code == 404
    assert (await web.get(f"/static/{owner}/{digest}/..%2f..%2fsecrets.py")).status_code == 404


async def test_head_works_where_get_does_and_has_no_body(web: httpx2.AsyncClient, app: FastAPI) -> None:
    for path in ("/healthz", "/metrics", app.state.http.pages.assets.url("live.js"), "/openapi/sample.json"):
        head, get = await web.head(path), await web.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
    assert (await web.head("/nothing")).status_code == 404
    assert (await web.head("/form")).status_code == 405


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/s/abc", "/s/…"),
        ("/u/abc/confirm", "/u/…"),
        ("/s//abc", "/s/…"),
        ("/v1/suppressions/customer:abc", "/v1/suppressions/…"),
        ("/q/abc", "/q/…"),
        ("/surveys/abc", "/surveys/abc"),
        ("/s/", "/s/"),
    ],
)
def test_a_logged_path_never_has_a_customers_token(path: str, logged: str) -> None:
    assert masked(path) == logged


async def test_the_access_log_has_no_token_no_query_and_no_header(web: httpx2.AsyncClient) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        await web.get("/s/CANARY?score=CANARY", headers={"Authorization": "Bearer CANARY"})
        await web.get("/v1/shared?email=CANARY", headers={"Authorization": "Bearer CANARY"})
    assert [(line["path"], line["status"]) for line in logged] == [("/s/…", 404), ("/v1/shared", 401)]
    assert "CANARY" not in str(logged)


async def test_probes_are_not_logged(web: httpx2.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logged:
        await web.get("/healthz")
    assert logged == []


async def test_the_openapi_document_has_the_refusals_of_json_routes_only(web: httpx2.AsyncClient) -> None:
    document = (await web.get("/openapi/sample.json")).json()
    responses = document["paths"]["/v1/things/{thing}"]["post"]["responses"]
    assert {"400", "401", "404", "409", "413", "422", "429", "503"} <= set(responses)
    assert all(
        "application/problem+json" in responses[status]["content"] for status in responses if status != "200"
    )
    assert document["components"]["securitySchemes"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert not [path for path in document["paths"] if not path.startswith("/v1/")]


async def test_there_are_no_documentation_pages_with_scripts_of_other_sites(web: httpx2.AsyncClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await web.get(path)).status_code == 404


async def test_before_its_database_is_ready_a_service_answers_its_probes_only(
    web: httpx2.AsyncClient, app: FastAPI
) -> None:
    app.state.http = replace(app.state.http, started=asyncio.Event())
    refused = await web.get("/page", headers=HTML)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert (await web.get("/healthz")).status_code == 200
    assert (await web.get(app.state.http.pages.assets.url("afterword.css"))).status_code == 200
    app.state.http.started.set()
    assert (await web.get("/page", headers=HTML)).status_code != 503
