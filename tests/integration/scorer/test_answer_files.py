"""The file of the answers behind a score: what is in it, who may have it, and that its length costs no memory."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.audit import audit_lines
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer.access import SegmentAccess
from services.scorer.exports import answers as answer_files
from services.scorer.exports.reading import AnswersAsked
from services.scorer.repository.selection import AnswerFilter, Selection
from services.scorer.windows import Window
from shared.db.database import Database
from shared.events import People, Reply
from shared.values.csv_cells import plain_cell

NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)
TODAY = date(2026, 11, 20)
PATH = "/v1/scores/answers/export"
ACME = a_tenant("acme", "Europe/Copenhagen", "scores:read", "answers:read")
NORTH: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, ACME, a_tenant("scores", "UTC", "scores:read")) as client:
        yield client


async def rows_of(client: ScorerClient, **query: Any) -> list[dict[str, str]]:
    answer = await client.get(PATH, **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text[1:])))


async def test_a_line_has_what_the_list_shows_and_not_whose_it_is(
    database: Database, client: ScorerClient
) -> None:
    reply = Reply(question="why", kind="text", asked="Why?", text="+It was late")
    first = an_answer(
        "a", score=3, comment="=HYPERLINK(1)", customer_id="c-1", language="en", replies=(reply,)
    )
    await count(database, first)
    await count(
        database,
        replace(first, version=2, score=4),
        an_answer("b", score=None, state="clicked"),
        an_answer("c", test=True),
        an_answer("d", measurement="relational"),
    )
    (row,) = await rows_of(client)
    assert row["comment"] == "'=HYPERLINK(1)"
    shown = {name: plain_cell(value) for name, value in row.items()}
    assert shown == {
        "answered_at": "2026-11-20T12:00:00Z",
        "day": "2026-11-20",
        "measurement": "transactional",
        "score": "4",
        "group": "detractor",
        "was": "3",
        "touchpoint": "checkout",
        "segments": "organisation:north; organisation:north/sales; touchpoint:checkout",
        "origin": "survey",
        "language": "en",
        "comment": "=HYPERLINK(1)",
        "themes": "",
        "replies": "Why? +It was late",
        "case": "",
    }
    (line,) = (await client.get(PATH, format="jsonl")).text.splitlines()
    assert json.loads(line) == shown | {
        "score": 4,
        "was": 3,
        "segments": ["organisation:north", "organisation:north/sales", "touchpoint:checkout"],
        "themes": [],
        "replies": [{"question": "why", "asked": "Why?", "words": "+It was late"}],
        "case": None,
    }
    assert "c-1" not in str(row) + line


async def test_each_file_leaves_a_line_in_the_log_and_a_refused_one_leaves_none(
    database: Database, client: ScorerClient
) -> None:
    await count(database, an_answer("a"))
    await rows_of(client, role="analyst", window="7d")
    await rows_of(client)
    for refused in (
        {"role": "editor"},
        {"tenant": "scores"},
        {"key": ""},
        NORTH | {"segment": "touchpoint:checkout"},
    ):
        answer = await client.get(PATH, **refused)
        assert answer.status_code in {401, 403, 404}, refused
    assert (await client.get(PATH, window="x")).status_code == 422
    lines = await audit_lines(database)
    assert [(line.act, line.who, line.facts) for line in lines] == [
        ("answers_exported", "Jonas Holt", {"first": "2026-11-14", "last": "2026-11-20"}),
        ("answers_exported", "the key test", {"first": "2026-10-22", "last": "2026-11-20"}),
    ]


async def test_single_employees_are_in_no_file_and_a_limited_reader_has_their_own_answers(
    database: Database, client: ScorerClient
) -> None:
    await count(database, an_answer("a", segments={"touchpoint": "checkout", "agent": "sara", "chair": "c"}))
    await count(database, an_answer("b", organisation=("south",), score=1))
    await add_tenant(database, replace(ACME, version=2, people=People(dimensions=("chair",), level=2)))
    (row,) = await rows_of(client, segment="organisation:north", **NORTH)
    assert row["segments"] == "organisation:north; touchpoint:checkout"
    assert [row["score"] for row in await rows_of(client, kind="detractors")] == ["1"]
    assert await rows_of(client, segment="organisation:north", words="nowhere") == []


async def test_a_long_file_is_written_in_portions_each_answer_once(
    database: Database, client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_files, "ANSWERS_AT_ONCE", 7)
    await count(database, *(an_answer(f"a{n}", score=n % 11, comment=str(n)) for n in range(50)))
    rows = await rows_of(client)
    assert sorted(int(plain_cell(row["comment"])) for row in rows) == list(range(50))


async def test_no_portion_of_a_file_is_longer_than_so_many_answers(
    database: Database,
    client: ScorerClient,
) -> None:
    """What is in memory at once does not grow with the file, and each portion begins where the last one ended."""
    many = 3 * answer_files.ANSWERS_AT_ONCE + 1
    filled = """
        INSERT INTO answer (tenant, id, version, score, measurement, day, segments, touchpoint, comment, language,
            themes, origin, answered_at, changed_at, heard_at)
        SELECT 'acme', gen_random_uuid(), 1, n % 11, 'transactional', DATE '2026-11-20' - (n % 365),
            ARRAY['touchpoint:checkout', 'organisation:north', 'organisation:north/sales'], 'checkout',
            'It came late, and nobody told me', 'en', ARRAY['delivery'], 'survey', at, at, at
        FROM (SELECT n, TIMESTAMPTZ '2026-11-20 12:00Z' - n / 5 * interval '1 minute' AS at
              FROM generate_series(1, CAST(:many AS integer)) AS n) AS made
    """
    async with database.transaction() as uow:
        await uow.execute(filled, {"many": many})
    asked = AnswersAsked(
        selection=Selection("acme"),
        access=SegmentAccess.of(ACME, None),
        measurement="transactional",
        window=Window(TODAY - timedelta(days=400), TODAY),
        only=AnswerFilter(),
        reads_cases=True,
    )
    for form in ("csv", "jsonl"):
        lines = [part.count("\n") async for part in answer_files.answer_file(database, asked, form)]
        header = [1] if form == "csv" else []
        assert lines == [*header, *[answer_files.ANSWERS_AT_ONCE] * 3, 1]
