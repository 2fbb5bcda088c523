"""Simulated staff: while many cases are open they work on the oldest, so that the inbox stays short."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog

from deploy.demo import personas
from deploy.demo.case_plan import CaseRow, CaseStep, Colleagues, duplicates, next_steps, times_closed
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient, RequestRefused
from deploy.demo.model import Model
from shared.clock import Clock
from shared.runtime import pause

POLL_INTERVAL_S = 5.0
CASES_LEFT_OPEN = 20
"""For the visitor of the demo."""
MIN_CASE_AGE = timedelta(minutes=3)
"""Younger cases stay untouched: the customer may still write, or the visitor take the case."""

DECISIONS = frozenset({"assign", "hand_over", "wait", "close", "merge"})
"""The acts that are refused when somebody has decided something about the case since."""

log = structlog.get_logger()


class SimulatedAgents:
    """Two simulated colleagues, who work on cases until they are closed."""

    def __init__(
        self,
        model: Model,
        client: DemoClient,
        checkpoint: Checkpoint,
        colleagues: Colleagues,
        clock: Clock,
        case_closed: Callable[[CaseRow], None],
    ) -> None:
        """:param case_closed: is told of each case that they have closed."""
        self._model = model
        self._client = client
        self._checkpoint = checkpoint
        self._colleagues = colleagues
        self._clock = clock
        self._case_closed = case_closed
        self._refused: dict[str, int] = {}
        """The versions at which something was refused: the case is left alone until somebody changes it."""

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            cases = await self._unsolved()
            for case, older in duplicates([one for one in cases if self._may_work_on(one)]):
                await self._refusable(case, self._act(case, {"act": "merge", "into": older["id"]}, 0))
            for case in self.cases_to_work_on(cases):
                await self._refusable(case, self._work_on(case))
            self._refused = {
                case["id"]: self._refused[case["id"]] for case in cases if self._is_refused(case)
            }
            await pause(stopping, POLL_INTERVAL_S)

    def cases_to_work_on(self, cases: list[CaseRow]) -> list[CaseRow]:
        """The oldest of these cases, and those that a simulated colleague has.

        Never those of the visitor or of real colleagues.
        """
        oldest = sorted(cases, key=lambda case: case["opened_at"])
        excess = max(0, len(cases) - CASES_LEFT_OPEN)
        return [
            case
            for place, case in enumerate(oldest)
            if (place < excess or case["owner"] is not None) and self._may_work_on(case)
        ]

    def _may_work_on(self, case: CaseRow) -> bool:
        return (
            self._clock() - datetime.fromisoformat(case["opened_at"]) > MIN_CASE_AGE
            and case["owner"] in (None, *self._colleagues.names_by_id)
            and personas.is_served_by_the_demo(case["customer_id"])
            and not self._is_refused(case)
        )

    def _is_refused(self, case: CaseRow) -> bool:
        at: int | None = self._refused.get(case["id"])
        return at is not None and at == int(case["version"])

    async def _unsolved(self) -> list[CaseRow]:
        cases: list[CaseRow] = []
        for state in ("open", "assigned"):
            after: dict[str, str] | None = {}
            while after is not None:
                page = await self._client.get("/v1/cases", state=state, limit=200, **after)
                cases += page["cases"]
                after = {"after": page["next"]} if page["next"] else None
        return cases

    async def _work_on(self, listed: CaseRow) -> None:
        """Do what is to be done now, unless a person works on the case or it has a very long history."""
        case: CaseRow = await self._client.get(f"/v1/cases/{listed['id']}")
        if case["state"] == "closed" or case["earlier"] is not None or not self._may_work_on(case):
            return
        customer = personas.customer(self._model, personas.number_of_id(case["customer_id"]))
        turn = times_closed(case)
        for step in next_steps(self._model, self._colleagues, customer, case, self._clock()):
            if step["act"] in {"assign", "hand_over"} and step["to"] == case["owner"]:
                continue
            case = await self._act(case, step, turn)
        if case["state"] == "closed":
            self._checkpoint.progress.closed += 1
            self._case_closed(case)

    async def _refusable(self, case: CaseRow, work: Awaitable[object]) -> None:
        try:
            await work
        except RequestRefused as refused:
            # Another user was faster, or the case was already closed.
            if refused.status not in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
            log.info("demo_act_refused", case=case["number"], why=str(refused))
            self._refused[case["id"]] = case["version"]

    async def _act(self, case: CaseRow, step: CaseStep, turn: int) -> CaseRow:
        """Do a step once.

        :param turn: how often the case was closed before.
        """
        parts = ("simulated", step["act"], step.get("key", ""), str(turn or ""))
        key = " ".join(part for part in parts if part)
        action = {name: value for name, value in step.items() if name != "key"}
        if step["act"] in DECISIONS:
            action["version"] = case["version"]
        done: CaseRow = await self._client.post(
            f"/v1/cases/{case['id']}/actions", action, idempotency_key=key
        )
        return done
