"""``GET /v1/answers``: page by page, one's own tenant, one's own segments."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.collector.app import SERVICE
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff
from shared.ids import uuid7
from shared.permissions import Role

from .conftest import SECRET, Bench, bearer

START = datetime(2026, 1, 1, tzinfo=UTC)


async def answers(bench: Bench, tenant: str = "acme", **query: Any) -> dict[str, Any]:
    reply = await bench.client.get("/v1/answers", params=query, headers=bearer(tenant))
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


async def some(bench: Bench, n: int = 7) -> None:
    await bench.import_answers(
        *(
            {
                "id": f"n-{k}",
                "score": k,
                # Two by two at the same instant: the id decides.
                "answered_at": (START + timedelta(hours=k // 2)).isoformat(),
                "customer": "c-1",
                "segments": {"store": "aarhus" if k % 2 else "odense/syd"},
                "organisation": ["north", "sales"] if k < 3 else ["south"],
                "measurement": "relational" if k == 5 else "transactional",
            }
            for k in range(n)
        )
    )


def scores(page: dict[str, Any]) -> list[int]:
    return sorted(answer["score"] for answer in page["answers"])


async def test_pages_together_hold_each_answer_once(bench: Bench) -> None:
    await some(bench)
    seen, after = [], None
    while True:
        page = await answers(bench, limit=3, **({"after": after} if after else {}))
        seen += [answer["score"] for answer in page["answers"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(seen) == list(range(7))
    assert len(seen) == 7


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"since": "2026-01-01T01:00:00Z", "until": "2026-01-01T02:00:00Z"}, [2, 3]),
        ({"segment": "store:aarhus"}, [1, 3, 5]),
        ({"segment": "store:odense%2Fsyd"}, [0, 2, 4, 6]),
        ({"segment": "organisation:north"}, [0, 1, 2]),
        ({"segment": "organisation:north/sales"}, [0, 1, 2]),
        ({"segment": "organisation:nor"}, []),
        ({"measurement": "relational"}, [5]),
    ],
)
async def test_a_filter_keeps_what_it_names(bench: Bench, query: dict[str, str], expected: list[int]) -> None:
    await some(bench)
    assert scores(await answers(bench, **query)) == expected


@pytest.mark.parametrize(
    "query",
    [{"since": "2026-01-01T00:00:00"}, {"limit": "0"}, {"limit": "201"}, {"after": "x"}, {"after": "eHw="}],
)
async def test_a_senseless_question_is_refused_by_name(bench: Bench, query: dict[str, str]) -> None:
    reply = await bench.client.get("/v1/answers", params=query, headers=bearer())
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == f"query/{next(iter(query))}"


async def test_a_click_is_no_answer_and_a_flag_is_told(bench: Bench) -> None:
    clicked, answered = await bench.invite(), await bench.invite()
    await bench.client.get(f"/s/{bench.token(clicked)}")
    await bench.client.get(f"/s/{bench.token(answered)}?trap=1")
    await bench.submit(answered, 2)
    (only,) = (await answers(bench))["answers"]
    assert (only["id"], only["flag"], only["day"]) == (str(answered), "honeypot", "2026-11-20")


async def test_another_tenants_answers_are_not_there(bench: Bench) -> None:
    await some(bench)
    assert (await answers(bench, "zenith"))["answers"] == []


def cookie(role: Role, segments: tuple[str, ...], now: datetime, tenant: str = "acme") -> str:
    staff = Staff(tenant, uuid7(), "Sara Lund", role, segments, "s-1", datetime.now(UTC) + timedelta(hours=1))
    return AccessPass(SECRET).sign(staff)


async def test_staff_see_their_own_segments_and_analysts_no_customer(bench: Bench) -> None:
    await some(bench)
    readers: list[tuple[Role, tuple[str, ...], list[int]]] = [
        ("admin", (), list(range(7))),
        ("agent", ("store:aarhus", "organisation:north"), [0, 1, 2, 3, 5]),
        ("analyst", ("organisation:south",), [3, 4, 5, 6]),
    ]
    for role, segments, expected in readers:
        passed = cookie(role, segments, bench.now)
        reply = await bench.client.get("/v1/answers", headers={"Cookie": f"{ACCESS_COOKIE}={passed}"})
        assert scores(reply.json()) == expected
        customers = {answer["customer_id"] for answer in reply.json()["answers"]}
        assert customers == ({None} if role == "analyst" else {"c-1"})
    editor = await bench.client.get(
        "/v1/answers", headers={"Cookie": f"{ACCESS_COOKIE}={cookie('editor', (), bench.now)}"}
    )
    assert editor.status_code == 403


async def test_the_openapi_document_tells_each_route_with_its_refusals(bench: Bench) -> None:
    document = (await bench.client.get("/openapi/collector.json")).json()
    assert set(document["paths"]) == {
        "/s/{token}/question",
        "/v1/answers",
        "/v1/answers/import",
        "/v1/answers/{answer_id}/judgement",
        "/v1/share-links",
        "/v1/share-links/{link_id}",
    }
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["summary"]
            assert "401" in operation["responses"]
    assert {"/s", "/q", "/v1/answers"} < set(SERVICE.paths)
