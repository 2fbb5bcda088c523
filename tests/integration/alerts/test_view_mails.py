"""Mails of saved views: one for each view, person and week, by what they may see; none is lost or doubled."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from support.alerts_api import STAFF_URL, Person
from support.alerts_builders import TENANT, a_tenant, deliver, rows
from support.chats import ChatBench, a_chat_bench
from support.http_clients import SECRET
from support.lent_databases import LentDatabases
from support.stack import Mailbox

from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.kinds import NoticeText
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.recovery.handlers import settle
from services.alerts.view_mails import repository
from services.alerts.view_mails.asking import ViewMailAsking
from services.alerts.view_mails.domain import TRIED_FOR, VALID_FOR, WEEKS_KEPT
from services.alerts.view_mails.handlers import forget_stopped
from services.alerts.weekly.schedule import WEEKLY_DEADLINE, send_letters, set_missing
from shared.db.deadlines import fire_due
from shared.events import AUDIT, AuditLine
from shared.mail import InlinePicture, Mailer
from shared.mail.installation import InstallationSender
from shared.outbound import MailChannel, Sender
from shared.privacy.audit import AuditAct
from shared.privacy.service_client import PERSONAL_DATA_PATH, ServiceClient, read_answer
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens
from shared.privacy.view_mails import (
    CONTENT_PATH,
    HISTORY_PATH,
    STAFF_CLAIM,
    VIEW_CLAIM,
    WANTED_PATH,
    ViewMailAnswer,
    ViewMailContent,
    ViewMailHistory,
    ViewMailQuestion,
    WantedViewMail,
)
from shared.tenancy.tenants import keep_tenants

WEDNESDAY = datetime(2026, 3, 18, 12, tzinfo=UTC)
MONDAY = datetime(2026, 3, 23, 7, 0, 1, tzinfo=UTC)
"""A moment after eight in Copenhagen."""
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
STOP = "/views/stop/secret.acme"


@dataclass
class FakeScorer:
    """What the scorer answers; each question is kept."""

    tokens: ServiceTokens
    wanted: list[WantedViewMail] = field(default_factory=list)
    gone: set[UUID] = field(default_factory=set)
    """Views that this reader does not see."""
    fails_after: int | None = None
    """So many mails are written before it is away; None: it is there."""
    faulty: set[UUID] = field(default_factory=set)
    """Views that it cannot write."""
    asked: list[ViewMailQuestion] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix(f"{TOKEN_SCHEME} ")
        claims = self.tokens.verify("view-mails", token)
        assert claims is not None
        if claims.tenant != TENANT:
            return httpx.Response(200, content=b"[]")
        if self.fails_after is not None and len(self.asked) >= self.fails_after:
            return httpx.Response(503)
        if request.url.path == f"{PERSONAL_DATA_PATH}/scorer/{WANTED_PATH}":
            return httpx.Response(200, content=msgspec.json.encode(self.wanted))
        assert request.url.path == f"{PERSONAL_DATA_PATH}/scorer/{CONTENT_PATH}"
        assert claims.covers(request.content)
        question = msgspec.json.decode(request.content, type=ViewMailQuestion)
        if question.view in self.faulty:
            return httpx.Response(500)
        self.asked.append(question)
        content = None if question.view in self.gone else a_content(question.view)
        return httpx.Response(200, content=msgspec.json.encode(ViewMailAnswer(content=content)))


def a_content(view: UUID) -> ViewMailContent:
    return ViewMailContent(
        subject=f"{view}: NPS +42",
        paragraphs=["Everything", "NPS +42 (512 answers)"],
        html='<h1>Everything</h1><img src="cid:trend" alt="From +40 to +42">',
        picture=PICTURE,
        path="/?window=30d",
        stop_path=STOP,
    )


@dataclass
class Week:
    """Alerts on a moved clock, with a scorer that it asks."""

    bench: ChatBench
    scorer: FakeScorer
    asking: ViewMailAsking

    def at(self, when: datetime) -> None:
        self.bench.clock.ahead = when - datetime.now(UTC)

    async def monday(self, when: datetime = MONDAY) -> None:
        """The deadline of the letter fires."""
        self.at(when)
        await fire_due("alerts", {WEEKLY_DEADLINE: send_letters}, self.bench.database)

    async def ask(self) -> None:
        """Until no week is due."""
        while await self.asking.step() is not None:
            pass

    async def wants(self, person: Person, view: UUID | None = None) -> UUID:
        """A person has ticked a view."""
        view = view or uuid4()
        self.scorer.wanted.append(WantedViewMail(view=view, staff=person.id))
        return view

    async def states(self) -> list[str]:
        """Of the deliveries of these mails."""
        found = await rows(
            self.bench.database,
            "SELECT d.state FROM delivery d JOIN notification n ON n.tenant = d.tenant AND n.id = d.about_id "
            "WHERE n.kind = 'view_mail' ORDER BY n.created_at, n.id",
        )
        return [row.state for row in found]

    async def weeks(self) -> list[tuple[bool, bool]]:
        """Whether each week is ended, and was missed."""
        found = await rows(
            self.bench.database,
            "SELECT ended_at, missed FROM view_mail_week WHERE tenant = 'havnbo' ORDER BY monday",
        )
        return [(row.ended_at is not None, row.missed) for row in found]

    async def send(self, smtp_url: str) -> None:
        """Send all that is due."""
        renderer = NoticeRenderer(
            InstallationSender("afterword@example.com"), STAFF_URL, SECRET, self.bench.database.clock
        )
        channel = MailChannel(Mailer(smtp_url), "alerts")
        health = self.bench.alerts.context.health
        sender = Sender("sender", self.bench.database, channel, NoticeQueue(renderer, NOTICE_KINDS), health)
        while not await sender.step():
            pass
        await channel.close()


@pytest.fixture
async def week(databases_to_lend: LentDatabases) -> AsyncIterator[Week]:
    async with databases_to_lend.lend("alerts") as database, a_chat_bench(database) as bench:
        tokens = ServiceTokens(SECRET, clock=database.clock)
        scorer = FakeScorer(tokens)
        services = ServiceClient("http://internal.example", tokens, httpx.MockTransport(scorer))
        week = Week(bench, scorer, ViewMailAsking(database, services))
        week.at(WEDNESDAY)
        await set_missing(database)
        yield week
        await services.close()


async def test_on_monday_each_person_gets_each_view_once_with_its_picture_and_a_link_that_stops_it(
    week: Week, mailbox: Mailbox
) -> None:
    agent = await week.bench.alerts.person("agent", segments=("touchpoint:checkout",))
    first, second = await week.wants(agent), await week.wants(agent)
    await week.ask()
    assert week.scorer.asked == []
    await week.monday()
    for _ in range(2):
        await week.ask()
        await week.send(mailbox.smtp_url)
    assert [(one.role, one.segments) for one in week.scorer.asked] == [
        ("agent", ("touchpoint:checkout",)),
        ("agent", ("touchpoint:checkout",)),
    ]
    found = await mailbox.mails(to=agent.address)
    assert sorted(each["subject"] for each in found) == sorted(f"{view}: NPS +42" for view in (first, second))
    mail = await mailbox.mail(found[0]["id"])
    headers = {name.lower(): value for name, value in dict(mail["headers"]).items()}
    assert headers["list-unsubscribe"] == f"<{STAFF_URL}{STOP}>"
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert "NPS +42 (512 answers)" in mail["text"]
    assert f"{STAFF_URL}/?window=30d" in mail["text"]
    assert "cid:trend" in mail["html"]
    await week.monday(MONDAY + timedelta(days=7))
    await week.ask()
    await week.send(mailbox.smtp_url)
    assert len(await mailbox.mails(to=agent.address)) == 4


async def test_the_message_id_follows_from_week_view_and_person(week: Week) -> None:
    person = await week.bench.alerts.person()
    await week.wants(person)
    await week.monday()
    await week.ask()
    (notice,) = await rows(week.bench.database, "SELECT id FROM notification WHERE kind = 'view_mail'")
    renderer = NoticeRenderer(
        InstallationSender("afterword@example.com"), STAFF_URL, SECRET, week.bench.database.clock
    )
    picture = InlinePicture(content_id="trend", name="trend.png", body=PICTURE)
    text = NoticeText(subject="x", paragraphs=["x"], path="/", html="x", picture=picture, stop_path=STOP)
    one, again = (renderer.mail("view_mail", notice.id, person.address, text) for _ in range(2))
    assert one.message_id == again.message_id
    message = message_from_bytes(one.as_bytes(), policy=policy.default)
    shown = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert [part.get_content() for part in shown] == [PICTURE]


async def test_while_the_scorer_is_away_it_is_asked_again_and_nothing_is_doubled(week: Week) -> None:
    people = [await week.bench.alerts.person() for _ in range(3)]
    for person in people:
        await week.wants(person)
    week.scorer.fails_after = 0
    await week.monday()
    await week.ask()
    assert await week.states() == []
    week.scorer.fails_after = 2
    week.at(MONDAY + timedelta(minutes=6))
    await week.ask()
    assert len(await week.states()) == 2
    assert await week.weeks() == [(False, False)]
    week.scorer.fails_after = None
    week.at(MONDAY + timedelta(minutes=12))
    await week.ask()
    assert len(await week.states()) == 3
    assert len(week.scorer.asked) == 3
    assert await week.weeks() == [(True, False)]


async def test_views_that_cannot_be_written_keep_no_other_from_being_mailed(week: Week) -> None:
    """Also when there are more of them than make the scorer count as away, and they come first."""
    people = [await week.bench.alerts.person() for _ in range(9)]
    views = [await week.wants(person) for person in people]
    week.scorer.faulty = set(views[:5])
    await week.monday()
    for minutes in (0, 6, 12, 18):
        week.at(MONDAY + timedelta(minutes=minutes))
        await week.ask()
    assert len(await week.states()) == 4
    assert await week.weeks() == [(False, False)]
    assert {one.staff for one in week.scorer.asked} == {person.id for person in people[5:]}
    week.scorer.faulty.clear()
    week.at(MONDAY + timedelta(minutes=24))
    await week.ask()
    assert len(await week.states()) == 9
    assert await week.weeks() == [(True, False)]


async def test_in_the_evening_a_week_is_given_up_and_told(week: Week) -> None:
    await week.wants(await week.bench.alerts.person())
    week.scorer.fails_after = 0
    await week.monday()
    await week.ask()
    week.scorer.fails_after = None
    week.at(MONDAY + timedelta(hours=12, minutes=1))
    await week.ask()
    assert await week.weeks() == [(True, True)]
    assert week.scorer.asked == []
    assert await week.states() == []


async def test_no_mail_of_what_is_gone_nor_to_who_has_left_or_wants_no_mail(week: Week) -> None:
    left, unwilling, reader = [await week.bench.alerts.person() for _ in range(3)]
    for person in (left, unwilling):
        await week.wants(person)
    week.scorer.gone = {await week.wants(reader)}
    week.scorer.wanted.append(WantedViewMail(view=uuid4(), staff=uuid4()))
    async with week.bench.database.transaction() as uow:
        await uow.execute("UPDATE staff SET active = false WHERE id = :id", {"id": left.id})
        await uow.execute("UPDATE staff SET wants_mail = false WHERE id = :id", {"id": unwilling.id})
    await week.monday()
    await week.ask()
    assert await week.states() == []
    assert [one.staff for one in week.scorer.asked] == [reader.id]
    assert await week.weeks() == [(True, False)]


@pytest.mark.parametrize(
    "change", ["active = false", "segments = '{touchpoint:a}'", "role = 'analyst'", "wants_mail = false"]
)
async def test_what_changed_since_a_mail_was_written_keeps_it_from_leaving(
    week: Week, mailbox: Mailbox, change: str
) -> None:
    person = await week.bench.alerts.person("leader")
    await week.wants(person)
    await week.monday()
    await week.ask()
    async with week.bench.database.transaction() as uow:
        await uow.execute(f"UPDATE staff SET {change} WHERE id = :id", {"id": person.id})
    await week.send(mailbox.smtp_url)
    assert await week.states() == ["dropped"]


async def test_a_mail_waits_for_the_end_of_its_readers_quiet_hours(week: Week, mailbox: Mailbox) -> None:
    person = await week.bench.alerts.person()
    await week.wants(person)
    async with week.bench.database.transaction() as uow:
        await uow.execute(
            "INSERT INTO notice_choice (tenant, staff_id, body, changed_at) "
            "VALUES (:tenant, :id, CAST(:body AS jsonb), now())",
            {"tenant": TENANT, "id": person.id, "body": '{"quiet": {"since": 0, "until": 600}}'},
        )
    await week.monday()
    await week.ask()
    await week.send(mailbox.smtp_url)
    assert await week.states() == ["waiting"]
    week.at(datetime(2026, 3, 23, 9, 0, 1, tzinfo=UTC))
    await week.send(mailbox.smtp_url)
    assert await week.states() == ["sent"]


async def test_a_company_that_has_left_gets_no_mail(week: Week) -> None:
    await week.wants(await week.bench.alerts.person())
    await week.monday()
    await deliver(week.bench.database, keep_tenants, replace(a_tenant(), state="left", version=2))
    week.at(MONDAY + timedelta(hours=13))
    await week.ask()
    assert week.scorer.asked == []
    assert await week.states() == []


async def test_after_a_restore_the_mails_of_a_week_under_way_are_left_out(week: Week) -> None:
    await week.wants(await week.bench.alerts.person())
    await week.monday()
    async with week.bench.database.transaction() as uow:
        while await settle(uow, 100):
            pass
    await week.ask()
    assert week.scorer.asked == []
    assert await week.weeks() == [(True, True)]


async def test_mails_and_weeks_that_are_over_are_deleted(week: Week) -> None:
    await week.wants(await week.bench.alerts.person())
    await week.monday()
    await week.ask()
    week.at(MONDAY + VALID_FOR + timedelta(hours=1))
    await week.ask()
    assert await rows(week.bench.database, "SELECT id FROM view_mail") == []
    assert len(await rows(week.bench.database, "SELECT 1 FROM view_mail_result")) == 1
    assert await week.weeks() == [(True, False)]
    week.at(MONDAY + WEEKS_KEPT + timedelta(days=1))
    async with week.bench.database.transaction() as uow:
        await repository.delete_old(uow)
    assert await week.weeks() == []
    assert await rows(week.bench.database, "SELECT 1 FROM view_mail_result") == []


def is_near(at: datetime, when: datetime) -> bool:
    """The clock of a bench goes on while it sends."""
    return when <= at < when + timedelta(minutes=1)


async def history(
    week: Week, view: UUID, person: Person | None = None, tenant: str = TENANT
) -> ViewMailHistory:
    """As the scorer asks for it."""
    claims = {VIEW_CLAIM: str(view)} | ({STAFF_CLAIM: str(person.id)} if person else {})
    app = week.bench.alerts.app
    services = ServiceClient("http://127.0.0.1", week.scorer.tokens, httpx.ASGITransport(app))
    body = await services.get_body("alerts", HISTORY_PATH, purpose="view-mails", tenant=tenant, claims=claims)
    await services.close()
    return read_answer("alerts", body, ViewMailHistory)


async def test_what_became_of_each_mail_is_told_with_the_number_to_whom_it_left(
    week: Week, mailbox: Mailbox
) -> None:
    first, second, unwilling, blind = [await week.bench.alerts.person() for _ in range(4)]
    view = await week.wants(first)
    for person in (second, unwilling):
        await week.wants(person, view)
    unseen = await week.wants(blind)
    week.scorer.gone = {unseen}
    async with week.bench.database.transaction() as uow:
        await uow.execute("UPDATE staff SET wants_mail = false WHERE id = :id", {"id": unwilling.id})
    none = await history(week, view, first)
    assert (none.own, none.left, none.week) == (None, None, None)
    assert none.next_at == MONDAY.replace(second=0)
    await week.monday()
    begun = await history(week, view, first)
    assert begun.week is not None
    assert begun.week.state == "open"
    assert is_near(begun.week.until, MONDAY + TRIED_FOR)
    await week.ask()
    on_its_way = await history(week, view, first)
    assert on_its_way.own is not None
    assert (on_its_way.own.outcome, on_its_way.left) == ("waiting", None)
    await week.send(mailbox.smtp_url)
    for person in (first, second):
        told = await history(week, view, person)
        assert told.own is not None
        assert (told.own.outcome, told.own.monday) == ("sent", MONDAY.date())
        assert told.left is not None
        assert told.left.people == 2
        assert is_near(told.left.at, MONDAY)
        assert is_near(told.own.at, MONDAY)
        assert told.week is not None
        assert told.week.state == "done"
        assert told.next_at == datetime(2026, 3, 30, 6, tzinfo=UTC)  # summer time has begun by then
    for person, which, outcome in ((unwilling, view, "no_mail"), (blind, unseen, "not_shown")):
        told = await history(week, which, person)
        assert told.own is not None
        assert told.own.outcome == outcome
    assert (await history(week, view)).own is None
    foreign = await history(week, view, first, "other")
    assert (foreign.own, foreign.left) == (None, None)


async def test_a_mail_that_waits_or_did_not_leave_is_told_with_its_reason(
    week: Week, mailbox: Mailbox
) -> None:
    person = await week.bench.alerts.person()
    view = await week.wants(person)
    await week.monday()
    await week.ask()
    later = MONDAY + timedelta(hours=1)
    for change, outcome in (
        ("due_at = :later", "quiet"),
        ("state = 'sending'", "quiet"),
        ("state = 'failed'", "refused"),
        ("state = 'dropped'", "withdrawn"),
        ("state = 'unknown'", "unknown"),
    ):
        async with week.bench.database.transaction() as uow:
            values = {"later": later} if ":later" in change else {}
            await uow.execute(f"UPDATE delivery SET {change}", values)
        told = (await history(week, view, person)).own
        assert told is not None
        assert (told.outcome, told.at) == (outcome, later)
    async with week.bench.database.transaction() as uow:
        await uow.execute("DELETE FROM delivery")
    told = (await history(week, view, person)).own
    assert told is not None
    assert told.outcome == "unknown"
    assert is_near(told.at, MONDAY)


async def test_a_try_after_one_that_wrote_nothing_tells_what_became_of_it(week: Week) -> None:
    first, second = [await week.bench.alerts.person() for _ in range(2)]
    view = await week.wants(first)
    await week.wants(second, view)
    week.scorer.gone = {view}
    week.scorer.fails_after = 1
    await week.monday()
    await week.ask()
    told = (await history(week, view, first)).own
    assert told is not None
    assert told.outcome == "not_shown"
    week.scorer.gone, week.scorer.fails_after = set(), None
    week.at(MONDAY + timedelta(minutes=6))
    await week.ask()
    for person in (first, second):
        told = (await history(week, view, person)).own
        assert told is not None
        assert told.outcome == "waiting"


@pytest.mark.parametrize("act", ["view_mail_stopped", "view_removed"])
async def test_a_mail_that_waits_does_not_leave_when_it_was_stopped_or_its_view_removed(
    week: Week, mailbox: Mailbox, act: AuditAct
) -> None:
    stopping, other = [await week.bench.alerts.person() for _ in range(2)]
    view = await week.wants(stopping)
    await week.wants(stopping)
    await week.wants(other, view)
    await week.monday()
    await week.ask()
    facts: dict[str, str | int | bool] = {"staff": str(stopping.id)} if act == "view_mail_stopped" else {}
    line = AuditLine(id=uuid4(), at=MONDAY, who="whoever", act=act, about=str(view), facts=facts)
    other_act = AuditLine(id=uuid4(), at=MONDAY, who="whoever", act="mark", about="x")
    async with week.bench.database.transaction() as uow:
        await forget_stopped(uow, [AUDIT.event(TENANT, each, MONDAY) for each in (line, other_act)])
    await week.send(mailbox.smtp_url)
    told = (await history(week, view, stopping)).own
    assert told is not None
    assert told.outcome == "withdrawn"
    assert len(await mailbox.mails(to=stopping.address)) == 1, "the other view's mail was stopped, too"
    assert len(await mailbox.mails(to=other.address)) == (act == "view_mail_stopped")


async def test_only_our_own_services_ask_what_became_of_a_mail(week: Week) -> None:
    app = week.bench.alerts.app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        path = f"{PERSONAL_DATA_PATH}/alerts/{HISTORY_PATH}"
        assert (await client.get(path)).status_code == 401
        for claims in ({}, {VIEW_CLAIM: "x"}, {VIEW_CLAIM: str(uuid4()), STAFF_CLAIM: "x"}):
            signed = week.scorer.tokens.sign("view-mails", TENANT, claims)
            answer = await client.get(path, headers={"authorization": f"{TOKEN_SCHEME} {signed}"})
            assert answer.status_code == 422
