import asyncio

import httpx2
from fastapi import FastAPI

from shared.api_keys import ApiKey

BODY = b'{"score": 1}'


async def post(web: httpx2.AsyncClient, authorization: str | None = None) -> httpx2.Response:
    headers = {"Content-Type": "application/json"} | (
        {"Authorization": authorization} if authorization else {}
    )
    return await web.post("/v1/things/1", content=BODY, headers=headers)


async def test_a_request_without_a_valid_key_gets_401_with_the_scheme(web: httpx2.AsyncClient) -> None:
    for authorization in (None, "Bearer wrong", "Basic d3JpdGVyOg=="):
        answer = await post(web, authorization)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_key_without_the_scope_is_refused_with_the_missing_scope(
    web: httpx2.AsyncClient, app: FastAPI
) -> None:
    app.state.http.keys.lookup = lambda _token: ApiKey("acme", "k-2", "reader", frozenset({"scores:read"}))
    answer = await post(web, "Bearer any")
    assert answer.status_code == 403
    assert "answers:write" in answer.json()["detail"]


async def test_the_admin_scope_includes_every_scope(web: httpx2.AsyncClient) -> None:
    assert (await post(web, "Bearer boss")).status_code == 200


async def test_before_the_keys_are_loaded_requests_get_503_with_retry_after(
    web: httpx2.AsyncClient, app: FastAPI
) -> None:
    app.state.http.keys.loaded = False
    answer = await post(web, "Bearer writer")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_guesses_are_rate_limited_and_a_valid_key_of_the_same_client_is_not(
    web: httpx2.AsyncClient,
) -> None:
    answers = [await post(web, f"Bearer guess-{n}") for n in range(25)]
    assert [a.status_code for a in answers[:20]] == [401] * 20
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert (await post(web, "Bearer writer")).status_code == 200


async def test_a_new_key_works_for_all_requests_that_use_it_at_once(
    web: httpx2.AsyncClient, app: FastAPI
) -> None:
    async def just_made(_token: str) -> ApiKey:
        await asyncio.sleep(0)
        return ApiKey("acme", "k-3", "new", frozenset({"answers:write"}))

    app.state.http.keys.lookup_fresh = just_made
    answers = await asyncio.gather(*(post(web, "Bearer new") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}


async def test_concurrent_guesses_are_rate_limited_like_consecutive_ones(web: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(post(web, f"Bearer guess-{n}") for n in range(100)))
    assert sorted(answer.status_code for answer in answers) == [401] * 20 + [429] * 80
