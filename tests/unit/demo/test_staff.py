"""Simulated staff leave the visitor's cases alone, and enough of the others."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.demo.case_plan import Colleagues
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.model import Model
from deploy.demo.sentences import Sentences
from deploy.demo.staff import CASES_LEFT_OPEN, MIN_CASE_AGE, SimulatedAgents

NOW = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
OURS, VISITORS = "c-00001", "c-00003"


def agents(tmp_path: Path) -> SimulatedAgents:
    client = DemoClient("http://127.0.0.1:9", None, asyncio.Event())
    checkpoint = Checkpoint(tmp_path / "position.json", lambda: NOW)
    model, colleagues = Model("a seed", Sentences(())), Colleagues({"clara": "Clara", "dries": "Dries"})
    closed: list[dict[str, Any]] = []
    return SimulatedAgents(model, client, checkpoint, colleagues, lambda: NOW, closed.append)


def case(
    number: int, customer: str = OURS, owner: str | None = None, age: timedelta = timedelta(hours=1)
) -> dict[str, Any]:
    opened_at = (NOW - age).isoformat()
    seen = {"id": str(number), "version": 1}
    return {"number": number, "customer_id": customer, "owner": owner, "opened_at": opened_at, **seen}


def test_while_few_cases_are_open_nobody_touches_them(tmp_path: Path) -> None:
    assert agents(tmp_path).cases_to_work_on([case(n) for n in range(CASES_LEFT_OPEN)]) == []


def test_of_many_the_oldest_are_worked_on(tmp_path: Path) -> None:
    cases = [case(n, age=timedelta(hours=100 - n)) for n in range(CASES_LEFT_OPEN + 3)]
    assert [one["number"] for one in agents(tmp_path).cases_to_work_on(cases[::-1])] == [0, 1, 2]


def test_the_visitors_cases_and_those_that_a_person_has_taken_stay(tmp_path: Path) -> None:
    oldest = [
        case(1, customer=VISITORS, age=timedelta(days=2)),
        case(2, customer="somebody-else", age=timedelta(days=2)),
        case(3, owner="the visitor", age=timedelta(days=2)),
        case(4, owner="clara", age=timedelta(days=2)),
        case(5, age=timedelta(days=2)),
    ]
    found = agents(tmp_path).cases_to_work_on([*oldest, *(case(n + 10) for n in range(CASES_LEFT_OPEN))])
    assert [one["number"] for one in found] == [4, 5]


def test_what_a_simulated_colleague_has_is_worked_on_to_its_end(tmp_path: Path) -> None:
    cases = [case(n, owner="dries" if n == 3 else None) for n in range(5)]
    assert [one["number"] for one in agents(tmp_path).cases_to_work_on(cases)] == [3]


def test_nobody_is_faster_than_a_customer_who_is_still_writing(tmp_path: Path) -> None:
    young = [case(n, age=MIN_CASE_AGE / 2) for n in range(CASES_LEFT_OPEN + 5)]
    assert agents(tmp_path).cases_to_work_on(young) == []
