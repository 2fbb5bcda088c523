"""Readers who get saved views every Monday, their Mondays, and the judge of what each of them got."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

import httpx
from chaos.arena import Arena
from chaos.audience import MAILS, NEVER
from chaos.processes import Process
from chaos.told import QueuedThing, Told, ToldThings

from services.alerts.notices.choices import NoticeChoices
from services.alerts.notices.notice_commands import save_choices
from services.alerts.staff import accounts
from services.alerts.view_mails.domain import TRIED_FOR, mail_key
from services.scorer.saved_views.mail_tokens import StopLink, stop_token
from shared.db.database import Database
from shared.ids import uuid7
from shared.mail import message_id
from shared.permissions import Role

WHOLE, DELIVERY = "/?window=30d", "/segments?segment=touchpoint:delivery&window=30d"


class Reader(NamedTuple):
    """A colleague, and the page that they have saved."""

    name: str
    role: Role
    address: str
    segments: tuple[str, ...] = ()
    sees: bool = True
    """Whether they may see the page, and so get it."""


READERS = (
    Reader("anna", "leader", WHOLE),
    Reader("bo", "agent", WHOLE),
    Reader("cleo", "analyst", DELIVERY, ("touchpoint:delivery",)),
    Reader("dina", "agent", WHOLE, ("touchpoint:delivery",), sees=False),
)
VIEWS_OF_EACH = 2
STOPS = 2
"""Readers' views that are stopped in the middle."""
FIRST_MONDAY = date(2040, 1, 2)
"""Far from every real one, whose mails the product may begin itself."""
STOPPED_WITHIN_S = 60.0
ADD_VIEW = """
    INSERT INTO saved_view (tenant, id, staff_id, name, address, shared, created_at, changed_at)
    VALUES ($1, $2, $3, $4, $5, false, now(), now())
"""
ADD_TICK = "INSERT INTO view_mail (tenant, view_id, staff_id, wanted_at) VALUES ($1, $2, $3, now())"
BEGIN_MONDAY = "INSERT INTO view_mail_week (tenant, monday, try_at, give_up_at) VALUES ($1, $2, now(), $3)"
ALL_DUE = (
    "UPDATE view_mail_week SET try_at = now() WHERE tenant = $1 AND ended_at IS NULL AND try_at > now()",
    "UPDATE delivery SET due_at = now() WHERE tenant = $1 AND state = 'waiting' AND due_at > now()",
)
COUNT_OPEN = """
    SELECT (SELECT count(*) FROM view_mail_week WHERE tenant = $1 AND ended_at IS NULL)
        + (SELECT count(*) FROM delivery WHERE tenant = $1 AND state IN ('waiting', 'sending'))
"""
READ_QUEUED = """
    SELECT n.id, d.state FROM notification n
    JOIN delivery d ON d.tenant = n.tenant AND d.about_id = n.id
    WHERE n.tenant = $1 AND n.kind = 'view_mail'
"""


@dataclass(frozen=True)
class ReadView:
    """A view that somebody gets."""

    id: UUID
    person: UUID
    name: str
    reader: Reader

    def told(self, monday: date) -> Told:
        return Told(f"{self.name}-by-mail", f"monday {monday}")


@dataclass
class ViewMailBench:
    """The company's readers, what they get, and what happens meanwhile."""

    arena: Arena
    database: Database
    """Of alerts."""
    views: list[ReadView] = field(default_factory=list)
    mondays: list[date] = field(default_factory=list)
    stopped: dict[UUID, int] = field(default_factory=dict)
    """By view, how many Mondays had begun when it was stopped: what follows must not come."""
    ended: int = 0
    """How often a process of alerts was killed or stopped."""
    mailbox_kills: int = 0

    @property
    def tenant(self) -> str:
        return self.arena.tenant

    async def add_readers(self) -> None:
        quiet = NoticeChoices(cases=NEVER, incidents=NEVER, weekly=NEVER)
        for reader in READERS:
            async with self.database.transaction() as uow:
                person = await accounts.create_person(
                    uow,
                    self.tenant,
                    address=self._address(reader),
                    name=reader.name,
                    role=reader.role,
                    segments=reader.segments,
                )
                await save_choices(uow, self.tenant, person, quiet, mail=True)
            for number in range(VIEWS_OF_EACH):
                self.views.append(ReadView(uuid7(), person, f"{reader.name}-{number}", reader))
        async with self.arena.stack.connection("scorer") as scorer:
            for view in self.views:
                address = view.reader.address
                await scorer.execute(ADD_VIEW, self.tenant, view.id, view.person, view.name, address)
                await scorer.execute(ADD_TICK, self.tenant, view.id, view.person)

    async def begin_monday(self) -> None:
        """The mails of one more Monday are due."""
        monday = FIRST_MONDAY + timedelta(weeks=len(self.mondays))
        self.mondays.append(monday)
        async with self.arena.stack.connection("alerts") as alerts:
            await alerts.execute(BEGIN_MONDAY, self.tenant, monday, datetime.now(UTC) + TRIED_FOR)

    async def stop_one(self) -> None:
        """A reader stops a view by the link in its mail; what begins afterwards must not come."""
        view = self.views[len(self.stopped)]
        link = StopLink(self.tenant, view.id, view.person)
        token = quote(stop_token(self.arena.stack.state.secret, link), safe=".%=")
        url = f"{self.arena.stack.origin_of('scorer')}/views/stop/{token}"
        async with (
            asyncio.timeout(STOPPED_WITHIN_S),
            httpx.AsyncClient(timeout=15, trust_env=False) as client,
        ):
            while True:
                if await _posted(client, url):
                    break
                await asyncio.sleep(0.2)
        self.stopped[view.id] = len(self.mondays)

    async def kill_alerts(self, process: Process) -> None:
        await process.until_ready()
        await self.begin_monday()
        self.ended += process.kill()

    async def restart_alerts(self, process: Process) -> None:
        await process.until_ready()
        await self.begin_monday()
        await process.stop()
        self.ended += 1
        process.start()

    async def scorer_away(self, _: Process) -> None:
        """The API that alerts asks is killed while it writes mails."""
        api = self.arena.stack.processes["api"]
        await api.until_ready()
        await self.begin_monday()
        await asyncio.sleep(self.arena.chance.uniform(0.0, 0.8))
        api.kill()

    async def mailbox_killed(self, _: Process) -> None:
        mailbox = self.arena.stack.processes["mailbox"]
        await self.begin_monday()
        await asyncio.sleep(self.arena.chance.uniform(0.3, 1.5))
        self.mailbox_kills += mailbox.kill()
        await mailbox.until_ready()

    async def all_due(self) -> int:
        """What waits for a moment is due; how much is left."""
        async with self.arena.stack.connection("alerts") as alerts:
            for statement in ALL_DUE:
                await alerts.execute(statement, self.tenant)
            return int(await alerts.fetchval(COUNT_OPEN, self.tenant))

    async def judge(self) -> None:
        """Add the faults, and a note, to the arena."""
        ids = {self._key(view, monday): view.told(monday) for view in self.views for monday in self.mondays}
        async with self.arena.stack.connection("alerts") as alerts:
            found = await alerts.fetch(READ_QUEUED, self.tenant)
        queued = [QueuedThing(_told(ids, row["id"]), row["state"], str(row["id"]), MAILS) for row in found]
        came = self._came(ids)
        told = ToldThings(self._wanted(), queued, came, {MAILS: self.ended + self.mailbox_kills})
        self.arena.faults += told.faults()
        states = Counter(one.state for one in queued)
        self.arena.notes.append(
            f"{len(self.mondays)} Mondays of {len(self.views)} views; {len(came)} mails, {states['unknown']} unknown; "
            f"{len(self.stopped)} stopped"
        )

    def _address(self, reader: Reader) -> str:
        return f"{reader.name}@{self.tenant}.example.com"

    def _key(self, view: ReadView, monday: date) -> UUID:
        return mail_key(self.tenant, monday, view.id, view.person)

    def _wanted(self) -> dict[Told, bool]:
        """Who stopped may have got what had begun by then."""
        wanted: dict[Told, bool] = {}
        for view in (view for view in self.views if view.reader.sees):
            until = self.stopped.get(view.id)
            wanted |= {view.told(monday): until is None for monday in self.mondays[:until]}
        return wanted

    def _came(self, ids: dict[UUID, Told]) -> list[Told]:
        """By the Message-ID, which follows from Monday, view and reader."""
        secret = self.arena.stack.state.secret
        known = {
            _local(message_id(secret, "notice-view_mail", str(key), "x@x")): told for key, told in ids.items()
        }
        addresses, came = {self._address(reader) for reader in READERS}, []
        for file in sorted((self.arena.stack.state.root / "mail").glob("*.json")):
            if json.loads(file.read_bytes())["to"] in addresses:
                mail = message_from_bytes(file.with_suffix(".eml").read_bytes())
                came.append(known.get(_local(mail["Message-ID"]), Told("somebody", str(mail["Subject"]))))
        return came


def _told(ids: dict[UUID, Told], key: UUID) -> Told:
    return ids.get(key, Told("somebody", str(key)))


def _local(message: str) -> str:
    return message.strip("<>").partition("@")[0]


async def _posted(client: httpx.AsyncClient, url: str) -> bool:
    with suppress(httpx.TransportError):
        answer = await client.post(url, data={"List-Unsubscribe": "One-Click"})
        return answer.status_code == httpx.codes.OK
    return False


@asynccontextmanager
async def a_view_mail_bench(arena: Arena) -> AsyncIterator[ViewMailBench]:
    database = Database(arena.stack.state.database_url("alerts"), name="chaos", pool_size=2)
    try:
        bench = ViewMailBench(arena, database)
        await bench.add_readers()
        yield bench
    finally:
        await database.close()
