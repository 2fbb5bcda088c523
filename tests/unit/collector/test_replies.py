"""Further questions: whatever is saved in whatever order, an answer has replies to shown questions alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from services.collector.domain import InvitationReplica, LinkTarget, SubmittedAnswer, answer_after
from services.collector.forms import SurveyForm, read_form
from services.collector.merging import ShownAnswer, merge, shown_after, sole_writer
from services.collector.page_questions import asked_questions
from shared.events import Answer, FollowUp, Question, QuestionTexts, Survey, SurveyTexts, Tenant
from shared.events.nps import group_of
from shared.events.questions import (
    MAX_FURTHER_QUESTIONS,
    OUTCOMES,
    After,
    QuestionKind,
    known_values,
    replied,
    shown_questions,
)
from shared.ids import uuid7

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TENANT = Tenant(id="acme", version=1, name="Acme", time_zone="Europe/Copenhagen", country="DK")
KINDS: tuple[QuestionKind, ...] = ("text", "one_of", "several_of", "yes_no", "score")
INVITATION = InvitationReplica(
    id=uuid7(), state="sent", survey_id=uuid7(), survey_version=1, measurement="transactional", language="en",
    test=False, customer_id="c-17", event_id=uuid7(), touchpoint=None, segments={}, organisation=(),
    invited_at=NOW, expires_at=NOW + timedelta(days=30),
)  # fmt: skip
WAIT = Question(id="wait", kind="one_of", options=("long", "ok"), shown_to=("detractor",))
TOLD = Question(id="told", kind="yes_no", after=After(question="wait", chosen=("long",)))
WORDS = {
    "wait": QuestionTexts(text="How long?", options={"long": "Too long", "ok": "As said"}),
    "told": QuestionTexts(text="Were you told?", options={"yes": "Yes", "no": "No"}),
}


def a_survey(*questions: Question, texts: dict[str, SurveyTexts] | None = None) -> Survey:
    return Survey(
        id=uuid7(), survey_version=1, version=1, name="x", measurement="transactional", trigger="x", state="live",
        test=False, stopped=False, changed_at=NOW, questions=questions,
        texts=texts if texts is not None else {"en": SurveyTexts(question_texts=WORDS)},
    )  # fmt: skip


def words_of(question: Question, language: str) -> QuestionTexts:
    options = {value: f"{value} in {language}" for value in question.answers}
    return QuestionTexts(text=f"{question.id} in {language}?", options=options)


@st.composite
def surveys(draw: st.DrawFn) -> Survey:
    """Any two questions, worded in some of two languages."""
    questions: list[Question] = []
    for id_ in ("first", "second"):
        kind = draw(st.sampled_from(KINDS))
        options = ("a", "b", "c") if kind in {"one_of", "several_of"} else ()
        shown_to = draw(st.lists(st.sampled_from(OUTCOMES), min_size=1, unique=True))
        question = Question(id=id_, kind=kind, options=options, shown_to=tuple(shown_to))
        if questions and (answers := questions[0].answers) and draw(st.booleans()):
            chosen = tuple(draw(st.lists(st.sampled_from(answers), min_size=1, unique=True)))
            question = Question(
                id=id_, kind=kind, options=options, shown_to=tuple(shown_to),
                after=After(question="first", chosen=chosen),
            )  # fmt: skip
        questions.append(question)
    texts = {
        language: SurveyTexts(
            question_texts={each.id: words_of(each, language) for each in questions if draw(st.booleans())}
        )
        for language in ("en", "da")
    }
    return a_survey(*questions, texts=texts)


class Tab:
    """A page with the form, rendered from the answer of the time, in one language."""

    def __init__(self, target: LinkTarget, language: str, page: str) -> None:
        self.language, self.page, self.seq = language, page, 0
        answer = target.scored_answer
        self.score = answer.score if answer else None
        self.replies: dict[str, tuple[str, ...]] = dict(replied(answer.replies)) if answer else {}
        self.drawn = ShownAnswer.of(answer, None).encode()
        form = SurveyForm(language, self.score, replies=self.replies)
        self.asked = [question.id for question in asked_questions(target, form, answer)]

    def post(self, target: LinkTarget, action: str = "keep") -> LinkTarget:
        self.seq += 1
        fields: list[tuple[str, Any]] = [
            ("score", str(self.score)), ("language", self.language), ("action", action), ("drawn", self.drawn),
            ("page", self.page * 32), ("seq", str(self.seq)), ("asked", " ".join(self.asked)), ("comment", ""),
            *((f"q_{id_}", value) for id_, values in self.replies.items() for value in values),
        ]  # fmt: skip
        posted = read_form(FormData(fields), ["en", "da"], "en", target.questions).posted()
        merged = merge(target, posted)
        if merged.overtaken:
            return target
        new = answer_after(target, merged.submitted, NOW)
        target = target if new is None else replace(target, answer=new, last_write=sole_writer(new, posted))
        assert target.answer is not None
        self.drawn = shown_after(target.answer, posted).encode()
        return target


acts = st.tuples(
    st.integers(0, 1),
    st.integers(0, 10),
    st.sampled_from(["first", "second"]),
    st.sampled_from(["", "a", "b", "c", "yes", "no", "0", "7", "a text", "?"]),
    st.sampled_from(["keep", "send", "close"]),
    st.booleans(),
)


@given(surveys(), st.tuples(*[st.sampled_from(["en", "da"])] * 2), st.lists(acts, max_size=12))
def test_two_pages_end_in_replies_to_questions_that_are_shown_and_exist(
    survey: Survey, languages: tuple[str, str], steps: list[tuple[Any, ...]]
) -> None:
    target = LinkTarget(TENANT, INVITATION, survey, None)
    tabs = [Tab(target, language, page) for language, page in zip(languages, "ab", strict=True)]
    by_id = {question.id: question for question in survey.questions}
    for number, score, question, value, action, reloaded in steps:
        if reloaded:
            tabs[number] = Tab(target, languages[number], "cdef"[number])
        tab = tabs[number]
        tab.score = score
        if question in tab.asked:
            tab.replies[question] = (value,) if value else ()
        target = tab.post(target, action)
        answer = target.answer
        assert answer is not None
        assert answer.score is not None
        shown = shown_questions(survey.questions, answer.score, replied(answer.replies))
        assert {reply.question for reply in answer.replies} <= {each.id for each in shown}
        assert len(answer.replies) <= MAX_FURTHER_QUESTIONS
        for reply in answer.replies:
            assert reply.kind == by_id[reply.question].kind
            assert reply.values == known_values(by_id[reply.question], reply.values) != ()
            assert reply.asked in {f"{reply.question} in en?", f"{reply.question} in da?"}


@given(surveys(), st.integers(0, 10), st.lists(st.sampled_from(["a", "b", "yes", "7"])))
def test_one_page_alone_gets_what_it_shows(survey: Survey, score: int, given_: list[str]) -> None:
    target = LinkTarget(TENANT, INVITATION, survey, None)
    tab = Tab(target, "en", "a")
    tab.score = score
    tab.replies = {id_: tuple(given_) for id_ in tab.asked}
    answer = tab.post(target, "send").answer
    assert answer is not None
    values = {each.id: known_values(each, given_) for each in survey.questions if each.id in tab.asked}
    shown = [each.id for each in shown_questions(survey.questions, score, values) if values.get(each.id)]
    assert [reply.question for reply in answer.replies] == shown


@given(surveys(), st.booleans(), st.integers(0, 10), st.lists(st.sampled_from(["a", "b", "yes", "7"])))
def test_nobody_is_asked_more_than_four_questions(
    survey: Survey, has_follow_up: bool, score: int, given_: list[str]
) -> None:
    """Also where an event has more questions than may be set."""
    extra = Question(id="extra", kind="text")
    texts = {"en": SurveyTexts(
        follow_up=FollowUp(detractor="D?", passive="P?", promoter="O?") if has_follow_up else FollowUp(),
        question_texts={each.id: words_of(each, "en") for each in (*survey.questions, extra)},
    )}  # fmt: skip
    target = LinkTarget(TENANT, INVITATION, a_survey(*survey.questions, extra, texts=texts), None)
    values = {each.id: tuple(given_) for each in target.questions}
    shown = shown_questions(target.questions, score, values)
    assert 2 + (target.follow_up_question("en", score) is not None) + len(shown) <= 4
    page = asked_questions(target, SurveyForm("en", score, replies=values), None)
    assert 2 + has_follow_up + sum(group_of(score) in each.groups for each in page) <= 4


def answered(target: LinkTarget, score: int, language: str = "en", **replies: tuple[str, ...]) -> Answer:
    answer = answer_after(target, SubmittedAnswer(score, language, replies=replies), NOW)
    assert answer is not None
    return answer


def test_another_score_drops_what_is_not_asked_for_it() -> None:
    target = LinkTarget(TENANT, INVITATION, a_survey(WAIT, TOLD), None)
    unhappy = answered(target, 3, wait=("long",), told=("no",))
    assert [reply.words for reply in unhappy.replies] == ["Too long", "No"]
    patient = answered(replace(target, answer=unhappy), 3, wait=("ok",))
    assert replied(patient.replies) == {"wait": ("ok",)}
    happy = answered(replace(target, answer=unhappy), 9)
    assert happy.replies == ()


def test_another_language_words_the_same_replies_anew_and_keeps_what_it_has_no_words_for() -> None:
    danish = {"wait": QuestionTexts(text="Hvor længe?", options={"long": "For længe", "ok": "Som sagt"})}
    texts = {"en": SurveyTexts(question_texts=WORDS), "da": SurveyTexts(question_texts=danish)}
    target = LinkTarget(TENANT, INVITATION, a_survey(WAIT, TOLD, texts=texts), None)
    english = answered(target, 3, wait=("long",), told=("no",))
    after = answered(replace(target, answer=english), 3, "da")
    assert [(reply.asked, reply.words) for reply in after.replies] == [
        ("Hvor længe?", "For længe"),
        ("Were you told?", "No"),
    ]


@pytest.mark.parametrize(
    ("question", "given_", "kept"),
    [
        (WAIT, ["nonsense", "ok"], ("ok",)),
        (WAIT, ["ok", "long"], ("long",)),
        (Question(id="x", kind="several_of", options=("a", "b", "c")), ["c", "z", "a", "a"], ("a", "c")),
        (TOLD, ["maybe"], ()),
        (Question(id="x", kind="score"), ["11", "-1", "010"], ()),
        (Question(id="x", kind="score"), ["10"], ("10",)),
        (Question(id="x", kind="text"), ["", "second"], ()),
    ],
)
def test_a_value_that_the_question_does_not_have_is_no_reply(
    question: Question, given_: list[str], kept: tuple[str, ...]
) -> None:
    assert known_values(question, given_) == kept


def test_a_form_that_does_not_say_that_it_has_a_question_changes_no_reply_to_it() -> None:
    target = LinkTarget(TENANT, INVITATION, a_survey(WAIT, TOLD), None)
    kept = answered(target, 3, wait=("long",))
    posted = read_form({"score": "3", "q_wait": "ok"}, ["en"], "en", target.questions).posted()
    assert posted.replies == {}
    again = answer_after(replace(target, answer=kept), merge(target, posted).submitted, NOW)
    assert again is None or again.replies == kept.replies


def test_two_texts_of_two_pages_are_a_conflict_and_two_choices_are_not() -> None:
    text = Question(id="why", kind="text")
    words: Mapping[str, QuestionTexts] = {**WORDS, "why": QuestionTexts(text="Why?")}
    survey = a_survey(WAIT, text, texts={"en": SurveyTexts(question_texts=dict(words))})
    start = LinkTarget(TENANT, INVITATION, survey, None)
    posted = [
        read_form(
            {"score": "3", "asked": "wait why", "q_why": why, "q_wait": wait, "comment": ""}, ["en"], "en",
            survey.questions,
        ).posted()
        for why, wait in (("It came late.", "long"), ("It was broken.", "ok"))
    ]  # fmt: skip
    first = answer_after(start, merge(start, posted[0]).submitted, NOW)
    assert first is not None
    merged = merge(replace(start, answer=first), posted[1])
    assert merged.conflicts == ("q_why",)
    second = answer_after(replace(start, answer=first), merged.submitted, NOW)
    assert second is not None
    assert replied(second.replies) == {"wait": ("ok",), "why": ("It came late.",)}


@given(st.dictionaries(st.from_regex(r"\A[a-z][a-z0-9_-]{0,39}\Z"), st.just("0123456789abcdef"), max_size=2))
def test_what_a_page_showed_survives_its_hidden_field(replies: dict[str, str]) -> None:
    shown = ShownAnswer(3, 7, True, "a", "b", "passive", replies)
    assert ShownAnswer.decode(shown.encode()) == shown


@pytest.mark.parametrize(
    ("chosen", "words"),
    [(("8", "9", "10"), "8–10"), (("10",), "10"), (("9", "10"), "9 / 10"), (("0", "1", "10"), "0 / 1 / 10")],
    ids=["a range", "one", "two", "with a gap"],
)
def test_numbers_that_follow_each_other_are_told_as_a_range(chosen: tuple[str, ...], words: str) -> None:
    ease = Question(id="ease", kind="score")
    told = Question(id="told", kind="text", after=After(question="ease", chosen=chosen))
    own = {each.id: QuestionTexts(text=f"{each.id}?") for each in (ease, told)}
    survey = a_survey(ease, told, texts={"en": SurveyTexts(question_texts=own)})
    target = LinkTarget(TENANT, INVITATION, survey, None)
    first, second = asked_questions(target, SurveyForm("en", 5), None)
    assert second.after == words
    assert first.opening == frozenset(chosen)
