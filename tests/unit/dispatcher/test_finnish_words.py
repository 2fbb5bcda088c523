"""B26: in Finnish a name never stands as it is where its verb needs the partitive; where it may, it does."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.finnish_words import (
    PERSONAL_STEMS,
    inflection_faults,
    uninflected_name,
    uninflected_words,
)
from services.dispatcher.surveys.schemas import StoredSurveyBody, SurveyBody
from shared.events import SurveyTexts

BARE = [
    ("Kuinka todennäköisesti suosittelisit {company} ystävälle tai kollegalle?", "suosittelisit"),
    ("Kuinka todennäköisesti suosittelisit ystävälle tai kollegalle {company}?", "suosittelisit"),
    ("Suosittelisitko {company} muille?", "Suosittelisitko"),
    ("Suosittelisitteko mielellänne {company}?", "Suosittelisitteko"),
    ("Voisitko suositella {company} tutuillesi?", "suositella"),
    ("Oletko suositellut {company} jo jollekin?", "suositellut"),
    ("Suosittele {company} naapurillesi.", "Suosittele"),
    ("Kuinka usein käytät {company}?", "käytät"),
    ("Mikä {company} sinulle? Kuinka paljon arvostat {company}", "arvostat"),
    ("Miten kuvailisit {company} tutulle", "kuvailisit"),
    ("Miten arvioisit {touchpoint} palveluna", "arvioisit"),
    ("Kuinka todennäköisesti {company} suosittelisit ystävälle?", "suosittelisit"),
    ("Kiitämme aina {company}", "Kiitämme"),
    ("Palautteesi auttaa meitä. Auttaisitko kaupassa {company}?", "Auttaisitko"),
    ("Kerro, kun olet aikeissa suositella {company}", "suositella"),
]
RIGHT = [
    "Kuinka todennäköisesti suosittelisit yritystä {company} ystävälle tai kollegalle?",
    "Kuinka todennäköisesti suosittelisit ystävälle tai kollegalle yritystä {company}?",
    "Suosittelisitko verkkokauppaamme {company} muille?",
    "Suosittelisitko {company}-kauppaa muille?",
    "Kuinka usein käytät yrityksen {company} palveluja?",
    "Miten arvioisit palvelua {touchpoint}?",
    "{company} kiittää palautteestasi.",
    "{company} haluaa kiittää sinua.",
    "Auttoiko {company} sinua?",
    "Miten {company} voisi auttaa sinua?",
    "Suosittelisitko meitä? {company} kysyy.",
    "Auta meitä: {company} kehittyy palautteestasi.",
    "Jos suosittelet meitä, {company} kiittää.",
    "Kerro suosittelisitko meitä\n{company}",
    "Suosittelisitko meitä ja {company} kehittyy?",
    "Kysymys yritykseltä {company}",
    "Yksi kysymys: mitä {company} voisi parantaa?",
    "Kirjoita {{company}}, jos suosittelisit {{company}}",
    "Suosittelisitko meitä ystävälle?",
]


@pytest.mark.parametrize(("words", "verb"), BARE)
def test_a_bare_name_by_a_verb_that_needs_the_partitive_is_told_with_the_verb(words: str, verb: str) -> None:
    fault = uninflected_name(words)
    assert fault is not None
    assert f"“{verb}”" in str(fault)
    assert ("palvelua {touchpoint}" if "{touchpoint}" in words else "yritystä {company}") in str(fault)


@pytest.mark.parametrize("ending", ["a", "ä", "ta", "lle", ":a", ":lle", "’n", "sta"])
@pytest.mark.parametrize("words", ["Suosittelisitko {company}%s muille?", "Kiitos {company}%s puolesta."])
def test_a_name_takes_no_ending(words: str, ending: str) -> None:
    fault = uninflected_name(words % ending)
    assert fault is not None
    assert "ending" in str(fault)


@pytest.mark.parametrize("words", RIGHT)
def test_a_name_whose_case_another_word_carries_or_that_needs_none_stands(words: str) -> None:
    assert uninflected_name(words) is None


@pytest.mark.parametrize("stem", PERSONAL_STEMS)
@pytest.mark.parametrize("ending", ["n", "t", "mme", "tte", "tko", "ttekö"])
def test_each_verb_is_found_in_each_person_before_and_behind_the_name(stem: str, ending: str) -> None:
    verb = stem + ending
    for words in (f"{verb} {{company}} muille", f"Milloin {{company}} {verb} muille"):
        fault = uninflected_name(words)
        assert fault is not None
        assert verb in str(fault)
    for words in (f"{verb} yritystä {{company}} muille", f"Milloin yritystä {{company}} {verb} muille"):
        assert uninflected_name(words) is None


def a_body(**texts: Any) -> dict[str, Any]:
    return {"name": "s", "trigger": "order", "measurement": "transactional", "texts": texts}


BAD, GOOD = "Suosittelisitko {company} muille?", "Suosittelisitko yritystä {company} muille?"


def test_each_text_in_finnish_is_read_and_none_of_another_language() -> None:
    follow_up = {"follow_up": {"promoter": BAD}}
    questions = [{"id": "q", "kind": "one_of", "options": ["a", "b"]}]
    words = {"q": {"text": GOOD, "options": {"a": BAD, "b": "ei"}}}
    for body, place in (
        (a_body(fi={"question": BAD}), ("texts", "fi", "question")),
        (a_body(**{"fi-FI": {"thanks": BAD}}), ("texts", "fi-fi", "thanks")),
        (a_body(fi=follow_up), ("texts", "fi", "follow_up", "promoter")),
        (a_body(fi={"questions": words}) | {"questions": questions},
         ("texts", "fi", "questions", "q", "options", "a")),
    ):  # fmt: skip
        with pytest.raises(ValidationError) as refused:
            SurveyBody.model_validate(body)
        assert [error["loc"] for error in refused.value.errors()] == [place]
    for language in ("sv", "et", "en"):
        SurveyBody.model_validate(a_body(**{language: {"question": BAD}}))
    SurveyBody.model_validate(a_body(fi={"question": GOOD}))


def test_words_that_are_older_than_the_rule_are_kept_and_told() -> None:
    old = a_body(fi={"question": BAD, "thanks": BAD, "intro": GOOD})
    draft = StoredSurveyBody.model_validate(old).draft()
    assert [place for place, _ in inflection_faults(draft)] == [
        ("texts", "fi", "question"), ("texts", "fi", "thanks"),
    ]  # fmt: skip
    (told,) = uninflected_words(draft, "fi")
    assert "yritystä {company}" in told
    assert (
        uninflected_words(SurveyDraft(name="s", trigger="t", texts={"sv": SurveyTexts(intro=BAD)}), "sv")
        == []
    )
