"""Simulated staff: when many cases are open they close the oldest, so that the inbox has an end."""

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
"""So many cases wait for the visitor at any time."""
MIN_CASE_AGE = timedelta(minutes=3)
"""Nobody is faster than the customer who is still writing, or than the visitor."""

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
    """Two people who are no people: each case is given to one of them, and closed a little later."""

    def __init__(
        self, model: Model, doors: DemoClient, position: Checkpoint, people: list[str], clock: Clock
    ) -> None:
        self._model = model
        self._doors = doors
        self._position = position
        self._people = people
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            for case in self.old(await self._unsolved()):
                await self._work_on(case)
            await pause(stopping, POLL_INTERVAL_S)

    def old(self, cases: list[Case]) -> list[Case]:
        """Which of the cases the simulated staff may touch: the oldest, and no visitor's."""
        oldest = sorted(cases, key=lambda case: case["opened_at"])[: max(0, len(cases) - CASES_LEFT_OPEN)]
        return [
            case
            for case in oldest
            if self._clock() - datetime.fromisoformat(case["opened_at"]) > MIN_CASE_AGE
            and case["owner"] in (None, *self._people)
            and personas.is_served_by_the_demo(case["customer_id"])
        ]

    async def _unsolved(self) -> list[Case]:
        cases: list[Case] = []
        for state in ("open", "assigned"):
            after: dict[str, str] | None = {}
            while after is not None:
                page = await self._doors.get("/v1/cases", state=state, limit=200, **after)
                cases += page["cases"]
                after = {"after": page["next"]} if page["next"] else None
        return cases

    async def _work_on(self, case: Case) -> None:
        """Give it to one of ours, then write down what was done; a colleague who was faster keeps it."""
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
            taken = await self._act(case, {"act": "assign", "to": random.choice(self._people)})
            if may_call:
                taken = await self._act(taken, CALL_ACTION)
            await self._act(taken, close)
        except RequestRefused as refused:
            # Somebody was faster, or it was already done in another way.
            if refused.status not in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
        else:
            self._position.progress.closed += 1

    async def _act(self, case: Case, action: dict[str, Any]) -> Case:
        decides = {"version": case["version"]} if action["act"] != "contact" else {}
        done: Case = await self._doors.post(
            f"/v1/cases/{case['id']}/actions", action | decides, once=f"simulated {action['act']}"
        )
        return done
