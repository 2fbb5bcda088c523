"""The judge of notices: each fault is found, and nothing else is."""

from dataclasses import replace

import pytest
from chaos.audience import FoundIncident, JudgedCase, wanted_things
from chaos.told import QueuedThing, Told, ToldThings

A, B, C = (Told("slack", f"case {letter}") for letter in "abc")
DIGEST = Told("digest-by-mail", "case a")


def queued(told: Told, state: str, seq: int = 0, lane: str = "slack") -> QueuedThing:
    return QueuedThing(told, state, f"{told.to} {told.about}", lane, seq)


def well_told() -> ToldThings:
    return ToldThings(
        {A: True, B: True, C: False, DIGEST: True},
        [queued(A, "sent", 1), queued(B, "sent", 2), queued(DIGEST, "unknown", lane="mails")],
        [A, B],
        {"slack": 0, "mails": 1},
        ordered=["slack"],
    )


def test_what_is_told_once_in_order_or_unknown_by_a_fault_has_no_fault() -> None:
    assert well_told().faults() == []
    assert replace(well_told(), came=[A, B, DIGEST]).faults() == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"queued": [queued(A, "sent", 1), queued(B, "sent", 2)]}, "lost: 1 things that nobody queued"),
        ({"came": [A]}, "lost: 1 things that were sent and never came"),
        ({"came": [A, B, A]}, "doubled: 1 things that came twice"),
        ({"came": [B, A]}, "reordered: what slack is told"),
        ({"came": [A, B, Told("teams", "case a")]}, "wrong: 1 things for somebody else"),
        ({"unsure": {}}, "lost: 1 messages of mails are unknown, by 0 faults"),
        ({"wanted": dict.fromkeys((A, B, DIGEST), False)}, "wrong: nothing was to be told"),
    ],
)
def test_each_fault_is_told(changes: dict[str, object], fault: str) -> None:
    found = replace(well_told(), **changes).faults()  # type: ignore[arg-type]
    assert [each for each in found if each.startswith(fault)]


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ("waiting", "lost: 1 things that still wait"),
        ("sending", "lost: 1 things that still wait"),
        ("dropped", "lost: 1 things that were given up"),
        ("refused", "lost: 1 things that were given up"),
    ],
)
def test_what_is_not_sent_is_lost(state: str, fault: str) -> None:
    told = well_told()
    changed = replace(told, queued=[queued(A, state, 1), *list(told.queued)[1:]], came=[B])
    assert [each[: len(fault)] for each in changed.faults()] == [fault]


def test_a_thing_that_is_queued_for_two_digests_is_doubled() -> None:
    told = well_told()
    twice = replace(told, queued=[*told.queued, queued(DIGEST, "unknown", lane="mails")])
    assert twice.faults() == ["doubled: 1 things that are queued twice, such as digest-by-mail case a"]


def test_a_digest_need_not_show_the_lines_that_it_counts_alone() -> None:
    told = well_told()
    sent = [*list(told.queued)[:2], queued(DIGEST, "sent", lane="mails")]
    assert replace(told, queued=sent, cut={DIGEST.to: 1}).faults() == []
    assert replace(told, queued=sent).faults()[0].startswith("lost: 1 things that were sent and never came")


def test_who_hears_of_an_incident_at_once_may_be_told_of_its_cases_and_the_others_must() -> None:
    incident = FoundIncident("i", "organisation:north/sales")
    case = JudgedCase("c", ["", "touchpoint:delivery", "organisation:north", "organisation:north/sales"], "i")
    wanted = wanted_things([case], [incident], letter_is_due=True)
    told = {to: {about: must for told, must in wanted.items() if told.to == to for about in [told.about]}
            for to in {each.to for each in wanted}}  # fmt: skip
    assert told == {
        "all-by-mail": {"case c": False, "incident i": True, "letter": True},
        "all-1": {"case c": False, "incident i": True},
        "all-2": {"case c": False, "incident i": True},
        "each-by-mail": {"case c": True},
        "digest-by-mail": {"case c": True, "incident i": True},
        "browser-by-mail": {"incident i": True, "letter": True},
        "browser-1": {"case c": True},
        "one-by-mail": {"case c": True},
        "slack": {"case c": True, "letter": True},
        "teams": {"case c": False, "incident i": True},
    }
