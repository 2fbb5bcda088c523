"""Simulated staff: while many cases are open they close the oldest, so that the inbox stays short."""

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from deploy.demo import personas
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

CAUSES_BY_TOUCHPOINT = {
    "home delivery": ("delivery.late", "delivery.damaged", "delivery.wrong"),
    "click and collect": ("contact.wait", "process.effort"),
    "checkout": ("price.level", "contact.wait", "people.attitude"),
    "phone support": ("contact.wait", "contact.no_callback", "people.competence"),
    "chat support": ("contact.unreachable", "communication.unclear"),
}
ACTIONS_TAKEN = (
    "Said sorry on the phone, and sent a new one (simulated).",
    "Explained what went wrong and gave a voucher (simulated).",
    "Passed it on to those who can mend it, and told the customer (simulated).",
)
ACTION_WITHOUT_CONTACT = "Looked into it; the customer does not want to be contacted (simulated)."
CALL_ACTION = {"act": "contact", "how": "call", "reached": True, "text": "Called back (simulated)."}
OUTCOMES, OUTCOME_SHARES = ("recovered", "explained", "not_solvable", "lost"), (0.5, 0.35, 0.1, 0.05)

Case = dict[str, Any]


class SimulatedAgents:
    """Assign each case to one of two simulated colleagues, and close it."""

    def __init__(
        self, model: Model, client: DemoClient, checkpoint: Checkpoint, colleague_ids: list[str], clock: Clock
    ) -> None:
        self._model = model
        self._client = client
        self._checkpoint = checkpoint
        self._colleague_ids = colleague_ids
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            for case in self.cases_to_close(await self._unsolved()):
                await self._work_on(case)
            await pause(stopping, POLL_INTERVAL_S)

    def cases_to_close(self, cases: list[Case]) -> list[Case]:
        """The oldest of these cases, without those of the visitor or of real colleagues."""
        oldest = sorted(cases, key=lambda case: case["opened_at"])[: max(0, len(cases) - CASES_LEFT_OPEN)]
        return [
            case
            for case in oldest
            if self._clock() - datetime.fromisoformat(case["opened_at"]) > MIN_CASE_AGE
            and case["owner"] in (None, *self._colleague_ids)
            and personas.is_served_by_the_demo(case["customer_id"])
        ]

    async def _unsolved(self) -> list[Case]:
        cases: list[Case] = []
        for state in ("open", "assigned"):
            after: dict[str, str] | None = {}
            while after is not None:
                page = await self._client.get("/v1/cases", state=state, limit=200, **after)
                cases += page["cases"]
                after = {"after": page["next"]} if page["next"] else None
        return cases

    async def _work_on(self, case: Case) -> None:
        """Assign the case to a simulated colleague and close it, unless a person works on it."""
        random = self._model.random("case", case["number"])
        (outcome,) = random.choices(OUTCOMES, OUTCOME_SHARES)
        may_call = case["may_contact"] is not False
        close = {
            "act": "close",
            "cause": random.choice(CAUSES_BY_TOUCHPOINT.get(case["touchpoint"] or "", ("other",))),
            "action": random.choice(ACTIONS_TAKEN) if may_call else ACTION_WITHOUT_CONTACT,
            "outcome": outcome if may_call else "not_solvable",
            "told": may_call,
        }
        try:
            assigned = await self._act(case, {"act": "assign", "to": random.choice(self._colleague_ids)})
            if may_call:
                assigned = await self._act(assigned, CALL_ACTION)
            await self._act(assigned, close)
        except RequestRefused as refused:
            # Another user was faster, or the case was already closed.
            if refused.status not in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
        else:
            self._checkpoint.progress.closed += 1

    async def _act(self, case: Case, action: dict[str, Any]) -> Case:
        expected = {"version": case["version"]} if action["act"] != "contact" else {}
        done: Case = await self._client.post(
            f"/v1/cases/{case['id']}/actions", action | expected, idempotency_key=f"simulated {action['act']}"
        )
        return done
