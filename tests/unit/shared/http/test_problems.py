from collections.abc import AsyncIterator

import httpx2
import pytest
import structlog
from support.http_clients import SignIn

WRITER = {"Authorization": "Bearer writer", "Content-Type": "application/json"}
HTML = {"Accept": "text/html,application/xhtml+xml"}


def faults(answer: httpx2.Response) -> dict[str, str]:
    return {fault["field"]: fault["detail"] for fault in answer.json()["errors"]}


async def test_a_valid_body_is_accepted(web: httpx2.AsyncClient) -> None:
    answer = await web.post("/v1/things/1", content=b'{"score": 9}', headers=WRITER)
    assert (answer.status_code, answer.json()) == (200, {"tenant": "acme", "score": 9})


@pytest.mark.parametrize(
    ("body", "field", "remedy"),
    [
        (b"{}", "/score", "Required"),
        (b'{"score": "9"}', "/score", "whole number"),
        (b'{"score": 11}', "/score", "10 or less"),
        (b'{"score": true}', "/score", "whole number"),
        (b'{"score": 1, "at": "2026-11-22T05:00:00"}', "/at", "time zone"),
        (b'{"score": 1, "at": "yesterday-CANARY"}', "/at", "such as 2026-11-22T05:00:00Z"),
        (b'{"score": 1, "kind": "CANARY"}', "/kind", "'call' or 'mail'"),
        (b'{"score": 1, "customer": {"email": "CANARY at example"}}', "/customer/email", "name@example.com"),
        (b'{"score": 1, "customer": {"email": "a@b@CANARY"}}', "/customer/email", "name@example.com"),
        (b'{"score": 1, "scorre": 2}', "/scorre", "no such field"),
        (b'["CANARY"]', "/", "object"),
        (b'"CANARY"', "/", "object"),
    ],
)
async def test_a_fault_names_its_field_and_its_remedy_and_never_the_value(
    web: httpx2.AsyncClient, body: bytes, field: str, remedy: str
) -> None:
    answer = await web.post("/v1/things/1", content=body, headers=WRITER)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert remedy in faults(answer)[field]
    assert "CANARY" not in answer.text


async def test_all_faults_are_listed_at_once(web: httpx2.AsyncClient) -> None:
    answer = await web.post("/v1/things/1", content=b'{"score": 12, "kind": "x", "no/pe": 1}', headers=WRITER)
    assert set(faults(answer)) == {"/score", "/kind", "/no~1pe"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"score": 1, "attributes": {"a": [1, NaN]}}', "/attributes/a/1"),
        (b'{"score": 1, "attributes": {"a": Infinity}}', "/attributes/a"),
        (b'{"score": 1, "attributes": {"a": 1e999}}', "/attributes/a"),
        (b'{"score": 1, "attributes": {"a": "x\\u0000"}}', "/attributes/a"),
        (b'{"score": 1, "attributes": {"a": "\\ud800"}}', "/attributes/a"),
        (b'{"score": 1, "attributes": {"a\\u0000": 1}}', "/attributes"),
    ],
)
async def test_a_value_that_no_table_can_store_is_refused_with_its_place(
    web: httpx2.AsyncClient, body: bytes, field: str
) -> None:
    answer = await web.post("/v1/things/1", content=body, headers=WRITER)
    assert answer.status_code == 400
    assert field in faults(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000,
        b"\xff\xfe",
        b"9" * 5_000,
        b'{"score": 1}}',
        b"\xef\xbb\xbf{}",
    ],
)
async def test_an_unreadable_body_is_a_problem_and_never_a_500(web: httpx2.AsyncClient, body: bytes) -> None:
    answer = await web.post("/v1/things/1", content=body, headers=WRITER)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/things/a%00b", "/v1/things/1?q=%00", "/v1/things/1?%00=1"])
async def test_a_nul_in_the_address_is_refused(web: httpx2.AsyncClient, path: str) -> None:
    answer = await web.post(path, content=b'{"score": 1}', headers=WRITER)
    assert answer.status_code == 400


async def test_a_nul_in_a_form_is_refused(web: httpx2.AsyncClient, sign_in: SignIn) -> None:
    answer = await web.post("/form", data={"csrf": sign_in(), "words": "a\0b"})
    assert answer.status_code == 400


async def test_a_body_beyond_one_mebibyte_is_refused_by_its_length(web: httpx2.AsyncClient) -> None:
    answer = await web.post("/v1/raw", content=b"x" * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


@pytest.mark.parametrize("path", ["/v1/raw", "/v1/things/1"])
async def test_a_body_beyond_one_mebibyte_is_refused_in_chunks_too(
    web: httpx2.AsyncClient, path: str
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b"x" * 65_536

    answer = await web.post(path, content=chunks(), headers=WRITER)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_of_one_mebibyte_is_accepted(web: httpx2.AsyncClient) -> None:
    assert (await web.post("/v1/raw", content=b"x" * 1024 * 1024)).json() == 1024 * 1024


async def test_an_unknown_address_is_a_problem_for_a_program(web: httpx2.AsyncClient) -> None:
    answer = await web.get("/v1/nothing", headers=HTML)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_an_unknown_address_is_a_page_for_a_browser(web: httpx2.AsyncClient, sign_in: SignIn) -> None:
    sign_in()
    answer = await web.get("/nothing", headers=HTML)
    assert answer.status_code == 404
    assert "There is no such page, or it is not yours to see." in answer.text
    assert 'href="/inbox"' in answer.text


async def test_a_customers_page_has_no_navigation_even_for_signed_in_staff(
    web: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    sign_in()
    answer = await web.get("/s/token", headers=HTML)
    assert answer.status_code == 404
    assert "/inbox" not in answer.text
    assert "Jonas" not in answer.text


async def test_a_wrong_method_names_the_right_ones(web: httpx2.AsyncClient) -> None:
    answer = await web.put("/page")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unexpected_error_is_a_500_with_its_request_id_and_without_its_message(
    web: httpx2.AsyncClient,
) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        answer = await web.get("/boom", headers={"X-Request-Id": "r-77"})
    assert (answer.status_code, answer.json()["request_id"]) == (500, "r-77")
    assert "hansen" not in answer.text + str(logged)
    failed = next(line for line in logged if line["event"] == "request_failed")
    assert (failed["error"], failed["request_id"]) == ("RuntimeError", "r-77")
    assert failed["trace"][-1].endswith(" boom")
