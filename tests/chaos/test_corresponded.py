"""The judge of mails between cases and customers: each fault is found, and nothing else is."""

import random
from dataclasses import replace
from typing import Any

import aiosmtplib
import pytest
from chaos.breaking_mail import SUBJECT, USUAL, a_breaking_mail_server
from chaos.corresponded import Corresponded, Objected, SeenEntry, WrittenBack, WrittenFromCase
from support.smtp import scripted_server

CLOSED_AT, LATER = "2026-11-30T12:00:00+00:00", "2026-11-30T13:00:00+00:00"
MAILED = [SeenEntry("one", n, "mailed", mail=mail) for n, mail in ((2, "a"), (3, "b"))]
UNKNOWN = SeenEntry("two", 2, "mailed", mail="c")
END = SeenEntry("one", 4, "closed")
OBJECTED = SeenEntry("one", 6, "objected", closing=CLOSED_AT, opened=True)
BY_PROGRAM = SeenEntry("one", 5, "wrote", "I am away.", mail="x", automatic=True)
SECOND_END = SeenEntry("two", 3, "closed")
BY_HAND = SeenEntry("two", 4, "wrote", "It came.", mail="y", opened=True)
LAST_END = SeenEntry("two", 5, "closed")
ALL = [*MAILED, UNKNOWN, END, BY_PROGRAM, OBJECTED, SECOND_END, BY_HAND, LAST_END]


def well_corresponded() -> Corresponded:
    """Two cases: the one was objected to, and the other was answered."""
    return Corresponded(
        [WrittenFromCase("a", "one", "1@"), WrittenFromCase("b", "one", "1@"), WrittenFromCase("c", "two", "2@")],
        [WrittenBack("I am away.", "one", automatic=True), WrittenBack("It came.", "two", automatic=False)],
        [Objected("one", CLOSED_AT)],
        {"a": 1, "b": 1},
        {"a": "sent", "b": "sent", "c": "unknown"},
        {"one": False, "two": True},
        ALL,
        unsaid={"c"},
    )  # fmt: skip


def without(*left_out: SeenEntry) -> list[SeenEntry]:
    return [one for one in ALL if one not in left_out]


def test_what_was_written_once_has_no_fault() -> None:
    judged = well_corresponded()
    assert judged.faults() == []
    assert replace(judged, arrived={"a": 1, "b": 1, "c": 1}).faults() == []
    assert replace(judged, unsaid=(), kills=1).faults() == []
    failed = replace(judged, states={**judged.states, "c": "failed"})
    assert replace(failed, may_fail={"2@"}).faults() == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"entries": without(MAILED[0])}, "lost: 1 mails without a line on their case"),
        ({"entries": [*ALL, MAILED[0]._replace(seq=9)]}, "doubled: 1 mails with two lines"),
        ({"entries": [*ALL, UNKNOWN._replace(mail="z")]}, "wrong: 1 lines of mails that nobody wrote"),
        ({"arrived": {"a": 1}}, "lost: 1 mails that were sent and never came, such as b"),
        ({"arrived": {"a": 2, "b": 1}}, "doubled: 1 mails that came twice, such as a"),
        ({"arrived": {"a": 1, "b": 1, "z": 1}}, "wrong: 1 mails that nobody wrote came"),
        ({"unsaid": ()}, "lost: 1 mails are unknown, by 0 kills"),
        ({"back": [], "entries": without(BY_PROGRAM, BY_HAND)}, "wrong: nothing to judge"),
    ],
)
def test_each_fault_of_a_mail_from_a_case_is_told(changes: dict[str, Any], fault: str) -> None:
    assert [one for one in replace(well_corresponded(), **changes).faults() if one.startswith(fault)]


@pytest.mark.parametrize(
    ("state", "arrived", "fault"),
    [
        ("waiting", 0, "lost: 1 mails that still wait, such as c"),
        ("failed", 0, "lost: 1 mails that nothing kept from leaving, such as c"),
        ("refused", 0, "lost: 1 mails that nothing kept from leaving, such as c"),
        ("failed", 1, "wrong: 1 mails that came and were not sent, such as c"),
        ("sent", 0, "lost: 1 mails that were sent and never came, such as c"),
    ],
)
def test_a_state_that_is_not_what_became_of_the_mail_is_a_fault(state: str, arrived: int, fault: str) -> None:
    judged = well_corresponded()
    came = {"a": 1, "b": 1} | ({"c": arrived} if arrived else {})
    changed = replace(judged, states={**judged.states, "c": state}, arrived=came)
    assert [one for one in changed.faults() if one.startswith(fault)]


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        (without(BY_HAND), "lost: 1 mails of customers, such as It came."),
        ([*ALL, BY_PROGRAM._replace(seq=9)], "doubled: 1 mails of customers, such as I am away."),
        ([*without(BY_PROGRAM), BY_PROGRAM._replace(case="two")], "wrong: 1 mails of customers on a case"),
        ([*without(BY_PROGRAM), BY_PROGRAM._replace(automatic=False)], "wrong: 1 mails of customers that are"),
        ([*without(BY_PROGRAM), BY_PROGRAM._replace(opened=True)], "wrong: 1 mails of programs that opened"),
        ([*without(BY_HAND), BY_HAND._replace(opened=False)], "lost: 1 mails of customers that did not open"),
        (without(SECOND_END), "doubled: 1 times a case was opened that was open, such as two 4"),
        (without(LAST_END), "wrong: 1 cases that are not as their lines say, such as two"),
    ],
)  # fmt: skip
def test_each_fault_of_a_customers_mail_is_told(entries: list[SeenEntry], fault: str) -> None:
    assert [one for one in replace(well_corresponded(), entries=entries).faults() if one.startswith(fault)]


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        (without(OBJECTED), "lost: 1 objections, such as one"),
        ([*ALL, OBJECTED._replace(seq=9)], "doubled: 1 objections, such as one"),
        ([*ALL, OBJECTED._replace(seq=9, closing=LATER)], "wrong: 1 objections that nobody made"),
        (
            [*without(OBJECTED), OBJECTED._replace(opened=False)],
            "lost: 1 objections that did not open their case again, such as one",
        ),
    ],
)
def test_each_fault_of_an_objection_is_told(entries: list[SeenEntry], fault: str) -> None:
    assert [one for one in replace(well_corresponded(), entries=entries).faults() if one.startswith(fault)]


async def test_the_server_breaks_for_mails_from_cases_alone_and_keeps_them() -> None:
    asking = b"Subject: How was it?\r\n\r\nAnswer us.\r\n"
    mail = "00000000-0000-0000-0000-000000000007"
    from_case = f"Subject: {SUBJECT} {mail}\r\n\r\nWe send a new one.\r\n".encode()
    async with (
        scripted_server() as mailbox,
        a_breaking_mail_server(random.Random(1), int(mailbox.url.rpartition(":")[2])) as server,
    ):
        refused = 0
        for content in (asking, from_case):
            taken = False
            while not taken:
                try:
                    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=server.port, timeout=0.5) as client:
                        await client.sendmail("ask@example.com", ["c@example.com"], content)
                    taken = True
                except (aiosmtplib.SMTPException, OSError):
                    refused += 1
                    server.calm = refused > 5
        assert len(mailbox.mails) == 1
        assert {(one.id, one.to) for one in server.arrived} == {(mail, "c@example.com")}
        assert from_case in server.arrived[0].content
        assert server.met.total() >= refused > 0
        assert server._reply("RCPT", "new@example.com") == USUAL["RCPT"]
