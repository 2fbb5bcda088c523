"""Further questions of a survey: what is refused, at which place, and the form that makes the same of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.dispatcher.surveys.answer_schemas import api_fields
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.draft_fields import DEFAULTS, draft_fields
from services.dispatcher.surveys.forms import DraftForm
from services.dispatcher.surveys.schemas import StoredSurveyBody, SurveyBody
from shared.events.nps import SCALE
from shared.events.questions import shown_questions
from shared.http.validation_errors import faults_of

WAIT = {"id": "wait", "kind": "one_of", "options": ["long", "ok"], "shown_to": ["detractor"]}
TOLD = {"id": "told", "kind": "yes_no", "after": {"question": "wait", "is": ["long"]}}
WAIT_WORDS = {"text": "How long?", "options": {"long": "Too long", "ok": "As said"}}
WORDS = {"wait": WAIT_WORDS, "told": {"text": "Were you told?"}}


def a_body(questions: list[Any], words: dict[str, Any], **texts: Any) -> dict[str, Any]:
    return {
        "name": "Delivery", "trigger": "order.delivered", "questions": questions,
        "texts": {"en": {"questions": words, **texts}},
    }  # fmt: skip


EASE = {"id": "wait", "kind": "score"}
EASE_WORDS = {**WORDS, "wait": {"text": "How easy was it?"}}


def refused(body: dict[str, Any]) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        SurveyBody.model_validate(body)
    return {
        fault["field"]
        for fault in faults_of([{**e, "loc": ("body", *e["loc"])} for e in caught.value.errors()])
    }


def test_a_survey_with_two_questions_is_the_same_after_it_was_stored_and_read() -> None:
    draft = SurveyBody.model_validate(a_body([WAIT, TOLD], WORDS)).draft()
    assert StoredSurveyBody.model_validate(api_fields(draft)).draft() == draft
    assert SurveyBody.model_validate(api_fields(draft)).draft() == draft
    assert draft.questions[1].shown_to == ("detractor", "passive", "promoter")


def test_one_reply_may_stand_for_a_list_of_one() -> None:
    alone = {**TOLD, "after": {"question": "wait", "is": "long"}}
    bodies = [a_body([WAIT, told], WORDS) for told in (TOLD, alone)]
    one, other = (SurveyBody.model_validate(body).draft() for body in bodies)
    assert one == other


@pytest.mark.parametrize(
    ("questions", "words", "places"),
    [
        ([WAIT, {**WAIT}], {"wait": WAIT_WORDS}, {"/questions/1/id"}),
        ([{**WAIT, "options": ["long"]}], {"wait": {"text": "x", "options": {"long": "x"}}}, {"/questions/0/options"}),
        ([{**WAIT, "options": ["ok", "ok"]}], {"wait": {"text": "x", "options": {"ok": "x"}}}, {"/questions/0/options"}),
        ([{"id": "wait", "kind": "yes_no", "options": ["a", "b"]}], {"wait": {"text": "x"}},
         {"/questions/0/options", "/texts/en/questions/wait/options/a", "/texts/en/questions/wait/options/b"}),
        ([{**WAIT, "shown_to": []}], {"wait": WAIT_WORDS}, {"/questions/0/shown_to"}),
        ([{**WAIT, "kind": "matrix"}], {"wait": WAIT_WORDS}, {"/questions/0/kind"}),
        ([{**WAIT, "id": "What is it?"}], {}, {"/questions/0/id"}),
        ([TOLD, WAIT], WORDS, {"/questions/0/after/question"}),
        ([TOLD], {"told": {"text": "x"}}, {"/questions/0/after/question"}),
        ([{"id": "wait", "kind": "text"}, TOLD], {**WORDS, "wait": {"text": "x"}}, {"/questions/1/after/question"}),
        ([WAIT, {**TOLD, "after": {"question": "wait", "is": ["late"]}}], WORDS, {"/questions/1/after/is"}),
        ([WAIT, {**TOLD, "after": {"question": "wait", "is": []}}], WORDS, {"/questions/1/after/is"}),
        ([EASE, {**TOLD, "after": {"question": "wait", "is": ["11"]}}], EASE_WORDS, {"/questions/1/after/is/0"}),
        ([EASE, {**TOLD, "after": {"question": "wait", "is": ["yes"]}}], EASE_WORDS, {"/questions/1/after/is"}),
        ([WAIT, {**TOLD, "shown_to": ["promoter"]}], WORDS, {"/questions/1/shown_to"}),
        ([WAIT], {}, {"/questions/0"}),
        ([], {"wait": WAIT_WORDS}, {"/texts/en/questions/wait"}),
        ([WAIT], {"wait": {"text": "x", "options": {"long": "x"}}}, {"/texts/en/questions/wait/options/ok"}),
        ([WAIT], {"wait": {"options": WAIT_WORDS["options"]}}, {"/texts/en/questions/wait/text"}),
        ([WAIT], {"wait": {"text": "How long, {name}?", "options": WAIT_WORDS["options"]}},
         {"/texts/en/questions/wait/text"}),
        ([WAIT, TOLD, {"id": "more", "kind": "text"}], {**WORDS, "more": {"text": "x"}}, {"/questions"}),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_at_its_place(
    questions: list[Any], words: dict[str, Any], places: set[str]
) -> None:
    assert refused(a_body(questions, words)) == places


def test_the_follow_up_is_one_of_the_two() -> None:
    follow_up = {"promoter": "Who did well?"}
    assert refused(a_body([WAIT, TOLD], WORDS, follow_up=follow_up)) == {"/questions"}
    one = SurveyBody.model_validate(a_body([WAIT], {"wait": WAIT_WORDS}, follow_up=follow_up)).draft()
    assert one.texts["en"].follow_up.promoter == "Who did well?"


@st.composite
def drafts(draw: st.DrawFn) -> SurveyDraft:
    """Any survey whose questions are accepted."""
    ids = ["wait", "told"]
    kinds = st.sampled_from(["text", "one_of", "several_of", "yes_no", "score"])
    outcomes = st.lists(st.sampled_from(["detractor", "passive", "promoter"]), min_size=1, unique=True)
    questions: list[dict[str, Any]] = []
    for id_ in ids[: draw(st.integers(0, 2))]:
        question: dict[str, Any] = {"id": id_, "kind": draw(kinds), "shown_to": draw(outcomes)}
        if question["kind"] in {"one_of", "several_of"}:
            question["options"] = [f"o-{n}" for n in range(draw(st.integers(2, 12)))]
        questions.append(question)
    if len(questions) == 2 and questions[0]["kind"] != "text" and draw(st.booleans()):
        fixed = [str(score) for score in SCALE] if questions[0]["kind"] == "score" else ["yes", "no"]
        answers = questions[0].get("options") or fixed
        chosen = draw(st.lists(st.sampled_from(answers), min_size=1, unique=True))
        shown_to = sorted({*questions[1]["shown_to"], *questions[0]["shown_to"]})
        questions[1] |= {
            "after": {"question": "wait", "is": sorted(chosen, key=answers.index)},
            "shown_to": shown_to,
        }
    words = {
        each["id"]: {"text": each["id"], "options": {o: f"w {o}" for o in each.get("options", ())}}
        for each in questions
    }
    languages = draw(st.lists(st.sampled_from(["en", "da", "de"]), min_size=1, unique=True))
    body = {
        "name": "x",
        "trigger": "x",
        "questions": questions,
        "texts": {tag: {"questions": words} for tag in languages},
    }
    return SurveyBody.model_validate(body).draft()


def test_a_number_lets_the_fourth_question_be_asked() -> None:
    """In the form, by boxes; for exactly the numbers that are ticked."""
    typed = {**DEFAULTS, "name": "x", "trigger": "x", "q1-kind": "score", "en.q1": "How easy was it?"}
    typed |= {"q2-kind": "text", "en.q2": "What made it hard?", "q1-0-opens": "yes", "q1-3-opens": "yes"}
    ease, hard = SurveyBody.model_validate(DraftForm(typed).values()).draft().questions
    assert hard.after is not None
    assert (hard.after.question, hard.after.chosen) == (ease.id, ("0", "3"))
    asked = [n for n in SCALE if len(shown_questions([ease, hard], 5, {ease.id: (str(n),)})) == 2]
    assert asked == [0, 3]
    assert shown_questions([ease, hard], 5, {}) == [ease]


@given(drafts(), st.integers(0, 10))
def test_what_is_accepted_asks_four_questions_at_most(draft: SurveyDraft, score: int) -> None:
    everything = {each.id: each.answers for each in draft.questions}
    assert 2 + len(shown_questions(draft.questions, score, everything)) <= 4
    for each in draft.questions:
        assert any(each in shown_questions(draft.questions, one, everything) for one in SCALE)


@given(drafts())
def test_a_form_that_is_saved_as_it_is_changes_no_question(draft: SurveyDraft) -> None:
    form = DraftForm(draft_fields(draft))
    again = SurveyBody.model_validate(form.values()).draft()
    assert (again.questions, {t: w.questions for t, w in again.texts.items()}) == (
        draft.questions, {t: w.questions for t, w in draft.texts.items() if w.questions},
    )  # fmt: skip


TYPED = {
    **DEFAULTS, "name": "x", "trigger": "x", "q1-kind": "one_of", "q1-passive": "",
    "en.q1": "How long did you wait?", "en.q1.o1": "Far too long", "en.q1.o3": "As said",
    "da.q1": "Hvor længe ventede du?", "da.q1.o1": "For længe", "da.q1.o3": "Som sagt",
    "q2-kind": "yes_no", "en.q2": "Were you told?", "q1-o1-opens": "yes",
}  # fmt: skip


def test_a_new_question_and_its_options_get_ids_by_their_words() -> None:
    body = SurveyBody.model_validate(DraftForm(TYPED).values()).draft()
    wait, told = body.questions
    assert (wait.id, wait.options) == ("how-long-did-you-wait", ("far-too-long", "as-said"))
    assert wait.shown_to == ("detractor", "promoter")
    assert told.after is not None
    assert (told.after.question, told.after.chosen) == (wait.id, ("far-too-long",))


def test_other_words_keep_the_ids_and_another_kind_is_another_question() -> None:
    first = SurveyBody.model_validate(DraftForm(TYPED).values()).draft()
    fields = draft_fields(first)
    reworded = SurveyBody.model_validate(
        DraftForm({**fields, "en.q1.o1": "Days", "en.q1": "Waited?"}).values()
    )
    assert reworded.draft().questions == first.questions
    other = SurveyBody.model_validate(
        DraftForm({**fields, "q1-kind": "text", "q1-o1-opens": ""}).values()
    ).draft()
    assert other.questions[0].id == "how-long-did-you-wait-2"


@pytest.mark.parametrize(
    ("changed", "field", "remedy"),
    [
        ({"da.q1.o3": ""}, "da.q1.o2", "Every option needs words in each language of the question."),
        ({"en.follow_up.detractor": "x"}, "q2-kind", "A survey asks four questions at most."),
        ({"q1-detractor": "", "q1-promoter": ""}, "q1-detractor", "Choose who is asked."),
        ({"en.q2": ""}, "q2-kind", "Write it in one language at least"),
        ({"en.q1": "Why {name}?"}, "en.q1", "There is no {name}."),
        ({"en.q1.o1": "x" * 201}, "en.q1.o1", "at most"),
        ({"q2-kind": ""}, "q2-kind", "Choose how it is answered, or clear its words."),
        ({"q2-kind": "matrix"}, "q2-kind", "Choose how it is answered, or clear its words."),
    ],
)  # fmt: skip
def test_a_fault_stands_beside_its_field(changed: dict[str, str], field: str, remedy: str) -> None:
    fields = {**TYPED, **changed}
    if "da.q1.o3" in changed:  # as the page shows it once it was saved: the second of two options
        stored = draft_fields(SurveyBody.model_validate(DraftForm(TYPED).values()).draft())
        fields = {**stored, "da.q1.o2": ""}
    form = DraftForm(fields)
    with pytest.raises(ValidationError) as caught:
        SurveyBody.model_validate(form.values())
    faulty = form.with_faults(caught.value)
    assert remedy in faulty.fault(field)
    assert list(faulty.faults) == [field]
    assert faulty.summary


def test_a_question_that_is_taken_out_takes_its_words_along() -> None:
    stored = draft_fields(SurveyBody.model_validate(DraftForm(TYPED).values()).draft())
    left = SurveyBody.model_validate(DraftForm({**stored, "q2-kind": ""}).values()).draft()
    assert [each.id for each in left.questions] == ["how-long-did-you-wait"]
    assert set(left.texts["en"].questions) == {"how-long-did-you-wait"}
