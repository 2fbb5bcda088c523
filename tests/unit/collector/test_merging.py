"""Two pages and one answer: what a page did not show it cannot erase."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.collector.domain import InvitationReplica, LinkTarget, answer_after
from services.collector.forms import read_form
from services.collector.merging import ShownAnswer, merge, shown_after, sole_writer
from shared.events import Answer, Tenant
from shared.ids import uuid7

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TENANT = Tenant(id="acme", version=1, name="Acme", time_zone="Europe/Copenhagen", country="DK")
INVITATION = InvitationReplica(
    id=uuid7(), state="sent", survey_id=uuid7(), survey_version=1, measurement="transactional", language="en",
    test=False, customer_id="c-17", event_id=uuid7(), touchpoint=None, segments={}, organisation=(),
    invited_at=NOW, expires_at=NOW + timedelta(days=30),
)  # fmt: skip
EMPTY = LinkTarget(TENANT, INVITATION, None, None)


class Tab:
    """A page with the form, rendered from the answer of the time; without script it counts nothing that it posts."""

    def __init__(self, target: LinkTarget, page: str = "") -> None:
        answer = target.scored_answer
        self.fields: dict[str, str] = {
            "drawn": ShownAnswer.of(answer, None).encode(),
            "page": page * 32,
            "comment": (answer.comment if answer else None) or "",
        }
        if answer is not None:
            self.fields["score"] = str(answer.score)

    def send(self, target: LinkTarget, **typed: str) -> tuple[LinkTarget, tuple[str, ...]]:
        """The target after this form, and which of its texts were in conflict."""
        self.fields |= typed
        posted = read_form({"score": "3", "action": "send", **self.fields}, ["en"], "en").posted()
        merged = merge(target, posted)
        if merged.conflicts:
            return target, merged.conflicts
        new = None if merged.overtaken else answer_after(target, merged.submitted, NOW)
        target = target if new is None else replace(target, answer=new, last_write=sole_writer(new, posted))
        self.fields["drawn"] = shown_after(answer_of(target), posted).encode()
        return target, ()


def answer_of(target: LinkTarget) -> Answer:
    assert target.answer is not None
    return target.answer


def test_what_one_page_wrote_stays_when_another_that_was_rendered_before_sends_nothing_of_it() -> None:
    first, second = Tab(EMPTY), Tab(EMPTY)
    target, _ = first.send(EMPTY, score="3", comment="It came late.", may_contact="yes")
    target, conflicts = second.send(target, score="9")
    assert conflicts == ()
    assert (answer_of(target).score, answer_of(target).comment, answer_of(target).may_contact) == (
        9, "It came late.", True,
    )  # fmt: skip


def test_two_pages_that_wrote_two_things_are_told_and_nothing_changes() -> None:
    first, second = Tab(EMPTY), Tab(EMPTY)
    target, _ = first.send(EMPTY, comment="It came late.")
    after, conflicts = second.send(target, comment="It was broken.")
    assert conflicts == ("comment",)
    assert after == target


def test_who_writes_on_from_what_the_other_page_wrote_has_erased_nothing() -> None:
    first, second = Tab(EMPTY), Tab(EMPTY)
    target, _ = first.send(EMPTY, comment="It came late.")
    target, conflicts = second.send(target, comment="It came late. And broken.")
    assert (answer_of(target).comment, conflicts) == ("It came late. And broken.", ())


def test_a_page_that_was_told_of_its_own_score_has_not_shown_the_words_of_another() -> None:
    first, second = Tab(EMPTY, "a"), Tab(EMPTY, "b")
    target, _ = first.send(EMPTY, score="3", comment="It came late.", action="keep")
    target, _ = second.send(target, score="3", comment="", action="keep", seq="1")
    assert second.send(target, comment="It was broken.", seq="2", action="send")[1] == ("comment",)
    target, _ = second.send(target, score="2", comment="", seq="3", action="keep")
    target, _ = second.send(target, seq="4", action="send")
    assert (answer_of(target).score, answer_of(target).comment) == (2, "It came late.")


def test_what_a_page_showed_it_can_take_back() -> None:
    target, _ = Tab(EMPTY).send(EMPTY, comment="It came late.", may_contact="yes")
    target, conflicts = Tab(target).send(target, comment="", may_contact="no")
    assert (answer_of(target).comment, answer_of(target).may_contact, conflicts) == (None, False, ())


def test_a_score_that_a_page_only_repeats_is_not_a_choice() -> None:
    target, _ = Tab(EMPTY).send(EMPTY, score="9")
    stale = Tab(target)
    target, _ = Tab(target).send(target, score="2")
    target, _ = stale.send(target, comment="Thanks.")
    assert (answer_of(target).score, answer_of(target).comment) == (2, "Thanks.")


def test_a_pages_own_later_words_replace_its_earlier_ones_in_whatever_order_they_come() -> None:
    tab = Tab(EMPTY, "a")
    target, _ = tab.send(EMPTY, comment="It came late and", seq="2", action="keep")
    target, conflicts = tab.send(target, comment="It came", seq="1", action="keep")
    assert (answer_of(target).comment, conflicts) == ("It came late and", ())
    target, conflicts = tab.send(target, comment="All good.", seq="3")
    assert (answer_of(target).comment, conflicts) == ("All good.", ())


texts = st.sampled_from(["", "late", "broken", "late, and broken", "never mind"])
steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["draw", "write", "score"]), texts, st.integers(0, 10)),
    max_size=12,
)


@given(steps)
def test_no_page_erases_words_that_it_did_not_show(taken: list[tuple[int, str, str, int]]) -> None:
    target = EMPTY
    tabs: dict[int, Tab] = {}
    seen: dict[int, set[str | None]] = {}
    for which, act, text, score in taken:
        if act == "draw" or which not in tabs:
            tabs[which] = Tab(target, "abc"[which])
            seen[which] = {target.answer.comment if target.answer else None, None}
            continue
        before = target.answer.comment if target.answer else None
        typed: dict[str, Any] = {"score": str(score)} | ({"comment": text} if act == "write" else {})
        target, conflicts = tabs[which].send(target, **typed)
        after = target.answer.comment if target.answer else None
        if not conflicts:
            seen[which].add(after)
            seen[which].add(tabs[which].fields["comment"] or None)
        assert before in seen[which] or after == before or (before is not None and before in (after or ""))


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_what_a_page_showed(text: str) -> None:
    assert ShownAnswer.decode(text).version >= 0
    answer = answer_after(
        EMPTY, merge(EMPTY, read_form({"score": "3", "comment": text}, ["en"], "en").posted()).submitted, NOW
    )
    shown = ShownAnswer.of(answer, "detractor")
    assert ShownAnswer.decode(shown.encode()) == shown
