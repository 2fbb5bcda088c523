"""Two colleagues who take every case at the same moment: exactly one succeeds, the other gets a conflict."""

import asyncio
import contextlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from chaos.stack import Stack

from shared.http.csrf import CSRF_HEADER, CsrfGuard
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff

MAX_CASES = 60
"""Cases that they both try to take."""


@dataclass
class Colleagues:
    """Both colleagues, with the responses that they got."""

    stack: Stack
    tenant: str
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    _answers: defaultdict[str, list[tuple[UUID, int]]] = field(default_factory=lambda: defaultdict(list))
    _people: tuple[UUID, UUID] = field(default_factory=lambda: (uuid4(), uuid4()))
    _busy: bool = False

    @property
    def idle(self) -> bool:
        return not self._busy

    async def run(self) -> None:
        """Until cancelled."""
        await self._sign_in()
        async with httpx.AsyncClient(timeout=15, trust_env=False, verify=False) as client:
            while len(self._answers) < MAX_CASES:
                for case in await self._open(client):
                    self._busy = True
                    await asyncio.gather(*(self._take(client, person, case) for person in self._people))
                    self._busy = False
                await asyncio.sleep(0.3)

    async def _sign_in(self) -> None:
        """Give both a session, which alerts checks before each action."""
        async with self.stack.connection("alerts") as database:
            for person in self._people:
                await database.execute(
                    "INSERT INTO staff (tenant, id, address, name, role, segments, wants_mail, created_at) "
                    "VALUES ($1, $2, $3, 'Somebody', 'agent', '{}', false, now())",
                    self.tenant, person, f"{person}@example.com",
                )  # fmt: skip
                await database.execute(
                    "INSERT INTO session (tenant, id, staff_id, digest, created_at, expires_at) "
                    "VALUES ($1, $2, $2, $3, now(), now() + interval '1 day')",
                    self.tenant, person, str(person),
                )  # fmt: skip

    async def _open(self, client: httpx.AsyncClient) -> list[dict[str, Any]]:
        with contextlib.suppress(httpx.TransportError):
            page = await client.get(
                f"{self.stack.origin_of('alerts')}/v1/cases",
                params={"state": "open", "owner": "nobody", "limit": 20},
                headers=self._pass(self._people[0]),
            )
            if page.status_code == 200:
                return [case for case in page.json()["cases"] if case["id"] not in self._answers]
        self.refused += 1
        return []

    async def _take(self, client: httpx.AsyncClient, person: UUID, case: dict[str, Any]) -> None:
        """Try until the API accepts or refuses."""
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await client.post(
                    f"{self.stack.origin_of('alerts')}/v1/cases/{case['id']}/actions",
                    json={"act": "take", "version": case["version"]},
                    headers=self._pass(person),
                )
                if answer.status_code in {200, 409}:
                    self._answers[case["id"]].append((person, answer.status_code))
                    return
                if answer.status_code != 503:
                    self.faults.append(f"wrong: take: {answer.status_code} {answer.text[:200]}")
                    return
            self.refused += 1
            await asyncio.sleep(0.2)

    def _pass(self, person: UUID) -> dict[str, str]:
        secret, session = self.stack.state.secret, str(person)
        ends = datetime.now(UTC) + timedelta(hours=1)
        somebody = Staff(self.tenant, person, "Somebody", "agent", (), session, ends)
        cookie = AccessPass(secret).sign(somebody)
        return {"cookie": f"{ACCESS_COOKIE}={cookie}", CSRF_HEADER: CsrfGuard(secret).token(session)}

    async def judge(self) -> list[str]:
        """The faults, by the responses and by the database."""
        async with self.stack.connection("alerts") as database:
            rows = await database.fetch(
                "SELECT id::text, owner_id, (SELECT count(*) FROM timeline t WHERE t.tenant = c.tenant "
                "AND t.case_id = c.id AND t.kind = 'taken') FROM cases c WHERE tenant = $1",
                self.tenant,
            )
        cases = {case: (owner, times) for case, owner, times in rows}
        found = [*self.faults[:5]]
        if not self._answers:
            found.append("wrong: nobody took a case")
        for case, answers in self._answers.items():
            winners = [person for person, status in answers if status == httpx.codes.OK]
            if len(winners) != 1 or cases[case] != (winners[0], 1):
                found.append(f"doubled: {len(winners)} took case {case}, which has {cases[case]}")
        return found
