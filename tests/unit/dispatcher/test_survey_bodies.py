"""Names, words and triggers of surveys as the API takes them: blanks are nothing, and what is read can be sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.dispatcher.surveys.answer_schemas import api_fields
from services.dispatcher.surveys.draft_fields import draft_fields
from services.dispatcher.surveys.forms import DraftForm
from services.dispatcher.surveys.schemas import StoredSurveyBody, SurveyBody, SurveyPatch
from shared.events.surveys import NO_TRIGGER, SurveyTexts

SURVEY = {"name": "Deliveries", "trigger": "order.delivered"}
BLANKS = [" ", "\t\n", "\u00a0", "\u200b", "\u2003\u200e"]
WORDS = ("subject", "intro", "question", "reason", "thanks", "occasion")
OUTCOMES = ("detractor", "passive", "promoter")
CHOICE = {"id": "how", "kind": "one_of", "options": ["well", "badly"]}
CHOICE_WORDS = {"text": "How did it go?", "options": {"well": "Well", "badly": "Badly"}}


def body(**changes: Any) -> SurveyBody:
    return SurveyBody.model_validate({**SURVEY, **changes})


def faults(**changes: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        body(**changes)
    return ["/".join(map(str, error["loc"])) for error in refused.value.errors()]


@pytest.mark.parametrize("blank", ["", *BLANKS])
@pytest.mark.parametrize("field", WORDS)
def test_blank_words_are_the_same_as_none(field: str, blank: str) -> None:
    draft = body(texts={"en": {field: blank}}).draft()
    assert draft == body(texts={"en": {}}).draft()
    assert draft.texts == {"en": SurveyTexts()}


@pytest.mark.parametrize("blank", ["", *BLANKS])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_blank_question_by_outcome_is_not_asked(outcome: str, blank: str) -> None:
    assert body(texts={"en": {"follow_up": {outcome: blank}}}).draft() == body(texts={"en": {}}).draft()


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_name_question_or_option_is_refused_at_its_place(blank: str) -> None:
    assert faults(name=blank) == ["name"]
    words = {"questions": {"how": {**CHOICE_WORDS, "text": blank}}}
    assert faults(questions=[CHOICE], texts={"en": words}) == ["texts/en/questions/how/text"]
    words = {"questions": {"how": {**CHOICE_WORDS, "options": {"well": "Well", "badly": blank}}}}
    assert faults(questions=[CHOICE], texts={"en": words}) == ["texts/en/questions/how/options/badly"]
    assert body(sender_name=blank).draft().sender_name is None
    assert body(touchpoint=blank).draft().touchpoint is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\nb", "a b"),
        ("  Two\t lines\u00a0here ", "Two lines here"),
        ("Ca\u0066\u0065\u0301", "Caf\u00e9"),
        ("a\u202e", "a"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
    ],
)
def test_a_name_is_kept_in_one_line_and_form(name: str, kept: str) -> None:
    assert body(name=name).draft().name == kept


@pytest.mark.parametrize("name", ["a\u202eb", "a\u0007b", "a\u2066b", "a\ue000b"])
def test_a_name_that_hides_something_is_refused(name: str) -> None:
    assert faults(name=name) == ["name"]
    with pytest.raises(ValidationError):
        SurveyPatch.model_validate({"name": name})


@given(name=st.text(max_size=200), words=st.text(max_size=50))
def test_what_was_accepted_is_accepted_again_and_stays_as_it_is(name: str, words: str) -> None:
    """By the API and by the untouched form."""
    try:
        draft = body(name=name, texts={"da": {"question": words, "thanks": words}}).draft()
    except ValidationError:
        return
    assert SurveyBody.model_validate(api_fields(draft)).draft() == draft
    again = DraftForm(draft_fields(draft)).draft()
    assert (again.name, again.trigger) == (draft.name, draft.trigger)
    assert again.texts.get("da", SurveyTexts()) == draft.texts["da"]


def test_a_survey_with_an_old_name_and_old_words_can_be_paused() -> None:
    """A patch that names neither leaves them as they are."""
    old = {**SURVEY, "name": " ", "questions": [{"id": "more", "kind": "text"}]}
    texts = {"en": {"question": " ", "questions": {"more": {"text": " "}}}}
    draft = StoredSurveyBody.model_validate({**old, "texts": texts, "state": "paused"}).draft()
    assert (draft.name, draft.texts["en"].question, draft.texts["en"].questions["more"].text) == (
        " ",
        " ",
        " ",
    )


@pytest.mark.parametrize("measurement", ["transactional", "relational"])
def test_the_mark_of_a_survey_without_a_trigger_is_no_trigger(measurement: str) -> None:
    assert faults(trigger=NO_TRIGGER, measurement=measurement) == ["trigger"]
    assert body(trigger=f"{NO_TRIGGER}*", measurement=measurement).draft().trigger == f"{NO_TRIGGER}*"


def test_a_survey_without_a_trigger_is_read_and_sent_as_an_empty_text() -> None:
    draft = body(trigger="", measurement="relational").draft()
    assert draft.trigger == NO_TRIGGER
    assert api_fields(draft)["trigger"] == ""
    assert SurveyBody.model_validate(api_fields(draft)).draft() == draft
    assert faults(trigger="") == ["trigger"]
