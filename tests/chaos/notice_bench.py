"""The company of the scenario of notices: its people, channels and receivers, and what happens to them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import DeadlockDetectedError
from chaos.arena import Arena
from chaos.audience import MEMBERS, ROOMS, Member
from chaos.processes import Process
from chaos.recorders import PostRecorder
from support.alerts_builders import deliver
from support.push_service import BrowserKeys, any_port

from services.alerts.chats.chat_commands import ChatRoot, ChatWanted, make
from services.alerts.notices.notice_commands import save_choices, switch_on
from services.alerts.staff import accounts
from services.alerts.weekly.domain import letter_of
from services.alerts.weekly.kinds import VALID_FOR
from services.alerts.weekly.letter import POLICY
from services.alerts.weekly.repository import keep_scores
from services.alerts.weekly.schedule import deadline_of
from shared.db.database import Database, UnitOfWork
from shared.db.deadlines import set_deadlines
from shared.events import Score
from shared.ids import uuid7
from shared.outbound.address_guard import AddressGuard
from shared.privacy.audit import AuditActor

ZONE = "Europe/Copenhagen"
"""Of every company here."""
AWAY_S = 2.0
"""Shorter than a message's tries take that are not minutes apart."""
DIGEST_LINES, MOST_DIGEST_LINES = 4, 20
"""With so many a digest is due, more of many events: many leave, and none is longer than it shows."""
HURRY_S = 0.5
LEFT_WITHIN_S = 10.0
"""So long a message is waited for that a killed worker was posting."""
LONG_FREEZE_S = {"short": 7.0, "product": 65.0}
"""Longer than the leases of channels and browsers, with each choice of TIMES."""
WHO = AuditActor("command_line", None, "chaos")
ADD_SESSION = """
    INSERT INTO session (tenant, id, staff_id, digest, created_at, expires_at)
    VALUES (:tenant, :id, :person, :digest, now(), now() + interval '1 day')
"""
DIGESTS_DUE = """
    UPDATE delivery d SET due_at = now()
    WHERE d.tenant = $1 AND d.state = 'waiting' AND d.due_at > now() AND $2 <= (
        SELECT count(*) FROM notification n WHERE n.tenant = d.tenant AND n.digest_id = d.about_id
    )
"""


@dataclass
class NoticeBench:
    """The company's people, channels and receivers."""

    arena: Arena
    database: Database
    chats: PostRecorder
    pushes: PostRecorder
    ended: int = 0
    """How often a process of alerts was killed, frozen or stopped."""
    mailbox_kills: int = 0
    letters: int = 0
    frozen_long: bool = False

    @property
    def tenant(self) -> str:
        return self.arena.tenant

    def address(self, member: Member) -> str:
        return f"{member.name}@{self.tenant}.example.com"

    async def add_people(self) -> None:
        for member in MEMBERS:
            async with self.database.transaction() as uow:
                person = await accounts.create_person(
                    uow,
                    self.tenant,
                    address=self.address(member),
                    name=member.name,
                    role=member.role,
                    segments=member.segments,
                )
                await save_choices(uow, self.tenant, person, member.choices, mail=True)
                for name in member.browser_names:
                    await self._add_browser(uow, person, name)

    async def _add_browser(self, uow: UnitOfWork, person: UUID, name: str) -> None:
        session, path = uuid7(), f"/{name}"
        values = {"tenant": self.tenant, "id": session, "person": person, "digest": str(session)}
        await uow.execute(ADD_SESSION, values)
        made = self.pushes.browsers[path].subscription(self.pushes.url(path))
        await switch_on(uow, self.arena.stack.state.secret, self.tenant, person, session, made, name)

    async def add_rooms(self) -> None:
        root = ChatRoot(
            secret=self.arena.stack.state.secret, guard=AddressGuard.of("127.0.0.0/8"), languages=()
        )
        async with self.database.transaction() as uow:
            for room in ROOMS:
                wanted = ChatWanted(
                    name=room.name,
                    kind=room.kind,
                    address=self.chats.url(f"/{room.name}"),
                    topics=room.topics,
                )
                await make(uow, root, self.tenant, uuid7(), wanted, who=WHO)

    @property
    def monday(self) -> date:
        """Whose letter is told now."""
        return letter_of(POLICY, datetime.now(UTC), ZoneInfo(ZONE))

    @property
    def letter_is_due(self) -> bool:
        """On a Monday before eight the last letter is a week old, and nobody gets it."""
        return datetime.now(UTC).date() - self.monday <= VALID_FOR

    async def add_score(self) -> None:
        """The score of the Sunday before, without which the letter would tell nothing."""
        sunday = self.monday - timedelta(days=1)
        score = Score(
            segment="",
            measurement="transactional",
            version=sunday.toordinal(),
            window_days=90,
            until=sunday,
            counts=(0,) * 11,
            n=512,
            nps=34.2,
            low=None,
            high=None,
            level=0.95,
            computed_at=datetime.combine(sunday, datetime.max.time(), UTC),
        )
        await deliver(self.database, keep_scores, score, tenant=self.tenant)

    async def letter_due(self) -> None:
        """The letter is due now, once more: it is the same one."""
        async with self.database.transaction() as uow:
            await set_deadlines(uow, [deadline_of(self.tenant, ZONE, uow)._replace(due_at=uow.now)])
        self.letters += 1

    async def digests_due(self) -> None:
        """Digests with so many lines are due now; what comes later is for the next day's."""
        lines = min(max(DIGEST_LINES, self.arena.events // 1_000), MOST_DIGEST_LINES)
        async with self.arena.stack.connection("alerts") as database:
            await database.execute(DIGESTS_DUE, self.tenant, lines)

    async def hurry(self) -> None:
        """Until cancelled: digests leave as soon as they have some lines."""
        while True:
            with suppress(DeadlockDetectedError):  # what is sent meanwhile locks the same rows
                await self.digests_due()
            await asyncio.sleep(HURRY_S)

    async def kill(self, process: Process) -> None:
        await process.until_ready()
        self.ended += process.kill()

    async def kill_while_posting(self, _: Process) -> None:
        """Who sends is killed when a channel has taken a message and not answered: it may not be sent again."""
        workers = [one for one in self.arena.stack.workers if one.name.startswith("alerts")]
        for each in workers:
            await each.until_ready()
        if await self.chats.leaves_next(LEFT_WITHIN_S):
            self.ended += sum(each.kill() for each in workers)

    async def freeze(self, process: Process) -> None:
        """One is frozen for longer than every lease."""
        await process.until_ready()
        self.ended += process.send(signal.SIGSTOP)
        long, self.frozen_long = not self.frozen_long, True
        short = self.arena.chance.uniform(0.1, 0.8)
        await asyncio.sleep(LONG_FREEZE_S[os.environ.get("TIMES", "short")] if long else short)
        process.send(signal.SIGCONT)

    async def restart(self, process: Process) -> None:
        await process.until_ready()
        await process.stop()
        self.ended += 1
        process.start()

    async def receivers_away(self, _: Process) -> None:
        await asyncio.gather(self.chats.away(AWAY_S), self.pushes.away(AWAY_S))

    async def mailbox_killed(self, _: Process) -> None:
        mailbox = self.arena.stack.processes["mailbox"]
        self.mailbox_kills += mailbox.kill()
        await mailbox.until_ready()

    @property
    def turns(self) -> list[Callable[[Process], Awaitable[None]]]:
        """What happens, each at least once."""
        faults = (self.freeze, self.receivers_away, self.restart, self.mailbox_killed)
        kills = (*(self.kill,) * 4, *(self.kill_while_posting,) * 2)
        return [*kills, *faults, self.freeze, self.receivers_away]


@asynccontextmanager
async def a_notice_bench(arena: Arena) -> AsyncIterator[NoticeBench]:
    browsers = {f"/{name}": BrowserKeys() for member in MEMBERS for name in member.browser_names}
    database = Database(arena.stack.state.database_url("alerts"), name="chaos", pool_size=2)
    try:
        async with (
            PostRecorder(arena.chance).serving() as chats,
            PostRecorder(arena.chance, browsers).serving() as pushes,
        ):
            bench = NoticeBench(arena, database, chats, pushes)
            with any_port():
                await bench.add_people()
            await bench.add_rooms()
            await bench.add_score()
            yield bench
    finally:
        await database.close()
