"""Simulated customers of one company on a deployment: events are sent for them, and they answer their mail."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from support.deployment import Deployment
from support.eventually import eventually
from support.full_stack import Company
from support.plain_http import plain_client

from deploy.demo.form import survey_form
from shared.events.nps import HIGHEST_DETRACTOR


@dataclass
class CustomerLoad:
    """Keeps which events were sent and answered, and compares this with what the services return."""

    deployment: Deployment
    company: Company
    scores: dict[str, int] = field(default_factory=dict)
    """By event: the score that its customer gives."""
    answered: set[str] = field(default_factory=set)

    def address(self, event: str) -> str:
        return f"{event}@{self.company.tenant}.example"

    async def buy(self, event: str, score: int) -> None:
        """Send an event until it is accepted."""
        body = {
            "id": event,
            "type": "order.delivered",
            "occurred_at": datetime.now(UTC).isoformat(),
            "customer": {"id": event, "email": self.address(event), "name": "Karen"},
            "segments": {"touchpoint": "checkout"},
        }

        async def accepted() -> bool:
            async with self.client() as client:
                answer = await client.post("/v1/events", json=body, timeout=20)
            assert answer.status_code in {202, 502, 503}, answer.text
            return answer.status_code == 202

        await eventually(accepted, within=120)
        self.scores[event] = score

    async def buy_many(self, kind: str, count: int, every: float = 0.1) -> None:
        """Send that many events with all scores in turn."""
        for n in range(count):
            await self.buy(f"{kind}-{n}", n % 11)
            await asyncio.sleep(every)

    async def answer_all(self, within: float = 180) -> None:
        """Open the link of each mail and answer it; return when every customer has answered."""

        async def all_have_answered() -> bool:
            for mail in await self.mails():
                event = mail["to"].partition("@")[0]
                if event in self.scores and event not in self.answered:
                    link = next(link for link in mail["links"] if "/s/" in link)
                    if await self._answer(link, self.scores[event]):
                        self.answered.add(event)
            return self.answered == set(self.scores)

        await eventually(all_have_answered, within=within)

    async def all_is_counted(self, within: float = 120) -> None:
        """Wait until each answer counts once in the score and each detractor has one case, and check that each
        event has one mail.
        """
        wanted = [list(self.scores.values()).count(score) for score in range(11)]

        async def exact() -> bool:
            score = await self.get("/v1/scores?window=30d")
            return bool(score["counts"] == wanted)

        await eventually(exact, within=within)
        detractors = {event for event, score in self.scores.items() if score <= HIGHEST_DETRACTOR}
        await eventually(lambda: self._have_one_case_each(detractors), within=within)
        mailed = [mail["to"] for mail in await self.mails()]
        assert sorted(mailed) == sorted(self.address(event) for event in self.scores)

    async def _have_one_case_each(self, events: set[str]) -> bool:
        found = [case["customer_id"] for case in await self.cases()]
        assert len(found) == len(set(found))
        return set(found) == events

    async def cases(self) -> list[dict[str, Any]]:
        """All cases, page by page."""
        found, after = [], ""
        while True:
            page = await self.get(f"/v1/cases?limit=100{after}")
            found += page["cases"]
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    async def mails(self) -> list[dict[str, Any]]:
        """The mails to this company's customers."""
        async with plain_client(self.deployment.mailbox) as client:
            listed = (await client.get("/api/mails")).raise_for_status().json()
        return [mail for mail in listed if mail["to"].endswith(f"@{self.company.tenant}.example")]

    async def get(self, path: str) -> Any:
        async with self.client() as client:
            return (await client.get(path, timeout=20)).raise_for_status().json()

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with self.client() as client:
            return (await client.post(path, json=body, timeout=20)).raise_for_status().json()

    def client(self) -> httpx.AsyncClient:
        return plain_client(self.deployment.origin, headers=self.company.headers)

    async def _answer(self, link: str, score: int) -> bool:
        async with plain_client(follow_redirects=True, timeout=20) as browser:
            page = await browser.get(link)
            form = survey_form(page.text, str(page.url)) if page.is_success else None
            if form is None:  # the collector is away, or has not consumed the invitation yet
                return False
            comment = dict.fromkeys(form.texts[:1], "It came three days late.")
            fields = {**form.values, **comment, "score": str(score), "action": "send"}
            done = await browser.post(form.action, data=fields)
        return done.is_success and ("Thank you" in done.text or "We are sorry" in done.text)
