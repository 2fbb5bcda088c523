"""The letter of Monday: once for each company and week, with what its reader may see, and nobody's name."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from support.alerts_api import STAFF_URL
from support.alerts_builders import (
    TENANT,
    a_tenant,
    act_on_answers,
    an_invitation,
    deliver,
    keep_invitations,
    rows,
)
from support.chats import ChatBench, a_chat_bench
from support.erasing import erase_customer
from support.lent_databases import LentDatabases
from support.stack import Mailbox

from services.alerts.app import SERVICE
from services.alerts.cases.schedule import delete_expired
from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.weekly import repository, schedule
from services.alerts.weekly.letter import read_letter
from services.alerts.weekly.repository import keep_scores
from services.alerts.weekly.schedule import (
    WEEKLY_DEADLINE,
    move_letters,
    send_letters,
    set_missing,
)
from shared.db.database import UnitOfWork
from shared.db.deadlines import fire_due
from shared.events import Score
from shared.mail import Mailer
from shared.mail.installation import InstallationSender
from shared.outbound import MailChannel, Sender
from shared.tenancy.tenants import keep_tenants

SUNDAY = date(2026, 3, 29)
"""On which summer time begins in Copenhagen."""


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[ChatBench]:
    async with databases_to_lend.lend("alerts") as database, a_chat_bench(database) as bench:
        yield bench


def set_clock(bench: ChatBench, at: datetime) -> None:
    bench.clock.ahead = at - datetime.now(UTC)


async def fire(bench: ChatBench) -> int:
    return await fire_due("alerts", {WEEKLY_DEADLINE: send_letters}, bench.database)


async def letters(bench: ChatBench) -> list[str]:
    found = await rows(
        bench.database,
        "SELECT about ->> 'monday' AS monday FROM notification WHERE kind = 'weekly' ORDER BY created_at",
    )
    return [row.monday for row in found]


async def due_times(bench: ChatBench) -> list[datetime]:
    found = await rows(bench.database, "SELECT due_at FROM clock WHERE kind = 'weekly' AND tenant = 'havnbo'")
    return [row.due_at for row in found]


def a_score(until: date, nps: float | None, **changes: Any) -> Score:
    facts: dict[str, Any] = {
        "segment": "",
        "measurement": "transactional",
        "version": until.toordinal(),
        "window_days": 90,
        "until": until,
        "counts": (0,) * 11,
        "n": 512,
        "nps": nps,
        "low": None,
        "high": None,
        "level": 0.95,
        "computed_at": datetime.combine(until, datetime.max.time(), UTC),
    }
    return Score(**{**facts, **changes})


async def test_a_letter_each_monday_at_eight_over_the_change_of_the_clock_and_one_after_a_sleep(
    bench: ChatBench,
) -> None:
    await bench.alerts.person("leader")
    set_clock(bench, datetime(2026, 3, 18, 12, tzinfo=UTC))
    await set_missing(bench.database)
    await set_missing(bench.database)
    assert await due_times(bench) == [datetime(2026, 3, 23, 7, tzinfo=UTC)]
    for before, at in (
        (datetime(2026, 3, 23, 6, 59, tzinfo=UTC), datetime(2026, 3, 23, 7, 0, 1, tzinfo=UTC)),
        (datetime(2026, 3, 30, 5, 59, tzinfo=UTC), datetime(2026, 3, 30, 6, 0, 1, tzinfo=UTC)),
    ):
        set_clock(bench, before)
        assert await fire(bench) == 0
        set_clock(bench, at)
        assert await fire(bench) >= 1
        assert await fire(bench) == 0
    assert await letters(bench) == ["2026-03-23", "2026-03-30"]
    set_clock(bench, datetime(2026, 4, 22, 12, tzinfo=UTC))  # asleep over three Mondays
    await fire(bench)
    assert await fire(bench) == 0
    assert await letters(bench) == ["2026-03-23", "2026-03-30", "2026-04-20"]
    assert await due_times(bench) == [datetime(2026, 4, 27, 6, tzinfo=UTC)]


async def test_another_time_zone_moves_the_letter_and_gives_no_second_one_that_monday(
    bench: ChatBench,
) -> None:
    await bench.alerts.person("leader")
    set_clock(bench, datetime(2026, 3, 18, 12, tzinfo=UTC))
    await set_missing(bench.database)
    set_clock(bench, datetime(2026, 3, 23, 7, 0, 1, tzinfo=UTC))
    await fire(bench)
    moved = replace(a_tenant(), time_zone="America/New_York", version=2)
    for handler in (keep_tenants, move_letters):
        await deliver(bench.database, handler, moved)
    assert await due_times(bench) == [datetime(2026, 3, 23, 12, tzinfo=UTC)]
    set_clock(bench, datetime(2026, 3, 23, 12, 0, 1, tzinfo=UTC))
    await fire(bench)
    assert await letters(bench) == ["2026-03-23"]
    assert await due_times(bench) == [datetime(2026, 3, 30, 12, tzinfo=UTC)]


async def test_a_leader_reads_score_change_three_comments_and_overdue_cases_and_nobody_by_name(
    bench: ChatBench, mailbox: Mailbox
) -> None:
    leader = await bench.alerts.person("leader", "Lea Holm")
    limited = await bench.alerts.person("leader", segments=("touchpoint:checkout",))
    agent = await bench.alerts.person("agent")
    channel = await bench.make(topics=["weekly"])
    now = datetime(2026, 3, 30, 6, 0, 1, tzinfo=UTC)
    set_clock(bench, datetime(2026, 3, 26, 12, tzinfo=UTC))
    comments = {
        9: "Also fine",
        3: "Karen Whitfield again: karen@example.com, call 12 34 56 78!",
        8: "Good <b>enough</b> & quick",
        10: "Splendid",
    }
    checkout = bench.unhappy(
        score=2, comment="Too slow", segments={"touchpoint": "checkout"}, touchpoint="checkout"
    )
    answers = [bench.unhappy(score=score, comment=said) for score, said in comments.items()]
    erased = bench.unhappy(score=1, comment="Erase me", customer_id="c-erased")
    for answer in (*answers, erased):
        await deliver(bench.database, keep_invitations, an_invitation(answer))
    await deliver(bench.database, act_on_answers, *answers, erased, checkout)
    await deliver(bench.database, keep_scores, a_score(SUNDAY - timedelta(days=9), 38.2))
    await deliver(
        bench.database,
        keep_scores,
        a_score(SUNDAY, 41.7),
        a_score(SUNDAY, None, segment="touchpoint:checkout", n=4),
        a_score(SUNDAY + timedelta(days=1), 90.0),
    )
    async with bench.database.transaction() as uow:
        await uow.execute("UPDATE cases SET owner_id = :owner", {"owner": leader.id})
    await set_missing(bench.database)
    await erase_customer(SERVICE, bench.database, TENANT, "c-erased")
    set_clock(bench, now)
    await fire(bench)
    sender = a_sender(bench, mailbox.smtp_url)
    while not await sender.step():
        pass
    await sender._channel.close()
    (found,) = [each for each in await mailbox.mails(to=leader.address) if "NPS" in each["subject"]]
    mail = await mailbox.mail(found["id"])
    (case,) = await rows(
        bench.database, "SELECT id, number FROM cases WHERE belongs @> '{touchpoint:checkout}'"
    )
    assert found["subject"].startswith("NPS +42: the week before")
    for told in (mail["text"], mail["html"]):
        assert "NPS +42 (+4 in a week), of 512 answers" in told
        assert "Splendid" in told
        assert f"{STAFF_URL}/cases/{case.id}" in told
        assert "cases are overdue" in told
        for private in ("Karen", "Whitfield", "karen@example.com", "12 34 56 78", "Erase me", "fine"):
            assert private not in told
    assert "Good &lt;b&gt;enough&lt;/b&gt; &amp; quick" in mail["html"]
    (own,) = [each for each in await mailbox.mails(to=limited.address) if "week before" in each["subject"]]
    of_checkout = (await mailbox.mail(own["id"]))["text"]
    assert "Too slow" in of_checkout
    assert "Splendid" not in of_checkout
    assert "too few answers" in of_checkout
    assert "1 case is overdue" in of_checkout
    assert not [each for each in await mailbox.mails(to=agent.address) if "week before" in each["subject"]]
    async with bench.sending():
        (posted,) = await bench.came(1)
        await bench.until(channel, "sent")
    assert "NPS +42" in str(posted.message)
    assert "Splendid" not in str(posted.message)
    assert "of Lea Holm, was due" in mail["text"]  # and to who was written, not to who reads a channel
    assert f"/cases/{case.id}" in str(posted.message)
    assert "Lea Holm" not in str(posted.message)


def a_sender(bench: ChatBench, smtp_url: str) -> Sender:
    renderer = NoticeRenderer(
        InstallationSender("afterword@example.com"), STAFF_URL, "s" * 40, bench.database.clock
    )
    queue = NoticeQueue(renderer, NOTICE_KINDS)
    channel = MailChannel(Mailer(smtp_url), "alerts")
    return Sender("sender", bench.database, channel, queue, bench.alerts.context.health)


async def test_comments_are_of_the_readers_segments_however_many_others_came_and_name_no_colleague(
    bench: ChatBench,
) -> None:
    await bench.alerts.person("leader", "Lea Holm")
    set_clock(bench, datetime(2026, 3, 26, 12, tzinfo=UTC))
    harbour = {"touchpoint": "harbour", "segments": {"touchpoint": "harbour", "agent": "Bodil Friis"}}
    said = "Bodil and Lea's colleague Friis were slow"
    first = bench.unhappy(score=8, comment=said, organisation=("north", "desk", "Anna Berg"), **harbour)
    await deliver(bench.database, act_on_answers, first)
    later = [bench.unhappy(score=8, comment=f"Newer {number}") for number in range(30)]
    await deliver(bench.database, act_on_answers, *later)
    anonymous = bench.unhappy(score=8, comment="Nobody knows", anonymous=True, **harbour)
    await deliver(bench.database, act_on_answers, anonymous)

    async def comments(*segments: str) -> list[str]:
        async with bench.database.reading() as uow:
            monday, zone = SUNDAY + timedelta(days=1), ZoneInfo("UTC")
            letter = await read_letter(uow, TENANT, segments, monday, zone, for_channel=False)
        return [one.text for one in letter.comments]

    assert await comments("touchpoint:harbour") == ["… and …'s colleague … were slow"]
    assert len(await comments()) == 3
    await deliver(bench.database, act_on_answers, replace(first, version=first.version + 1, comment=None))
    assert await comments("touchpoint:harbour") == []


async def test_a_letter_tells_no_score_of_an_employee(bench: ChatBench) -> None:
    employee = "organisation:north/sales/anna"
    await deliver(bench.database, keep_scores, a_score(SUNDAY, 41.7), a_score(SUNDAY, 12.0, segment=employee))
    monday = SUNDAY + timedelta(days=1)
    async with bench.database.reading() as uow:
        letter = await read_letter(uow, TENANT, (employee,), monday, ZoneInfo("UTC"), for_channel=False)
    assert letter.is_empty


async def test_a_company_that_has_left_gets_no_letter_and_no_deadline_again(bench: ChatBench) -> None:
    await bench.alerts.person("leader")
    set_clock(bench, datetime(2026, 3, 18, 12, tzinfo=UTC))
    await set_missing(bench.database)
    left = replace(a_tenant(), state="left", version=2)
    await deliver(bench.database, keep_tenants, left)
    set_clock(bench, datetime(2026, 3, 23, 7, 0, 1, tzinfo=UTC))
    await fire(bench)
    await set_missing(bench.database)
    assert await letters(bench) == []
    assert await due_times(bench) == []


async def test_of_each_segment_the_last_score_before_three_weeks_ago_is_kept(
    bench: ChatBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver(
        bench.database, keep_scores, *[a_score(SUNDAY - timedelta(days=days), 10.0) for days in range(40)]
    )
    set_clock(bench, datetime(2026, 3, 28, 12, tzinfo=UTC))
    await set_missing(bench.database)
    set_clock(bench, datetime(2026, 3, 30, 6, 0, 1, tzinfo=UTC))
    await fire(bench)
    (kept,) = await rows(bench.database, "SELECT count(*) AS n FROM segment_score")
    assert kept.n == 40  # the round of deadlines waits for no such work
    parts: list[int] = []
    delete = repository.delete_old_scores

    async def counted(uow: UnitOfWork, before: date, limit: int) -> int:
        parts.append(await delete(uow, before, limit))
        return parts[-1]

    monkeypatch.setattr(repository, "delete_old_scores", counted)
    monkeypatch.setattr(schedule, "MOST_DELETED", 7)
    await delete_expired(bench.database)
    assert parts == [7, 7, 4]
    found = await rows(bench.database, "SELECT until FROM segment_score ORDER BY until")
    assert [row.until for row in found] == [SUNDAY - timedelta(days=days) for days in reversed(range(22))]


async def test_a_company_with_nothing_to_tell_gets_no_mail(bench: ChatBench, mailbox: Mailbox) -> None:
    leader = await bench.alerts.person("leader")
    set_clock(bench, datetime(2026, 3, 28, 12, tzinfo=UTC))
    await set_missing(bench.database)
    set_clock(bench, datetime(2026, 3, 30, 6, 0, 1, tzinfo=UTC))
    await fire(bench)
    sender = a_sender(bench, mailbox.smtp_url)
    while not await sender.step():
        pass
    await sender._channel.close()
    assert await mailbox.mails(to=leader.address) == []
    assert [row.state for row in await rows(bench.database, "SELECT state FROM delivery")] == ["dropped"]
