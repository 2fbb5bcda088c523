"""The placeholders in a survey's texts: one grammar everywhere."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import FollowUp, QuestionTexts, SurveyTexts
from shared.events.placeholders import (
    MAX_PLACEHOLDER_LENGTH,
    OCCASION_PLACEHOLDERS,
    PLACEHOLDERS,
    fill,
    filled_texts,
    placeholder_faults,
)
from shared.values.messages import sentences

VALUES = {"company": "Havnbo", "occasion": "your delivery", "day": "17 November", "touchpoint": "checkout"}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Would you recommend {company}?", "Would you recommend Havnbo?"),
        ("{company}{company}", "HavnboHavnbo"),
        ("{occasion} on {day} at {touchpoint}", "your delivery on 17 November at checkout"),
        ("no braces", "no braces"),
        ("", ""),
        ("a {{ b }} c", "a { b } c"),
        ("}}{{", "}{"),
        ("{{{company}}}", "{Havnbo}"),
        # Older than the rule that refuses them: shown as they were written.
        ("Did {name} help with {order_id}?", "Did {name} help with {order_id}?"),
        ("{ company }", "{ company }"),
        ("{Company}", "{Company}"),
        ("{}", "{}"),
        ("open { and close }", "open { and close }"),
        ("{company", "{company"),
        ("{company.name} {0} {company!r} {company:>9}", "{company.name} {0} {company!r} {company:>9}"),
        ("%(company)s 100 %", "%(company)s 100 %"),
    ],
)
def test_texts_are_filled_and_whatever_is_no_placeholder_stays_readable(words: str, shown: str) -> None:
    assert fill(words, VALUES) == shown


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("Did {name} help you with {order_id}?", ["{name}", "{order_id}"]),
        ("{Company}", ["{Company}"]),
        ("{ company }", ["{ company }"]),
        ("{}", ["{}"]),
        ("{company.__class__}", ["{company.__class__}"]),
        ("{company", ["A {"]),
        ("company}", ["A }"]),
        (":-}", ["A }"]),
        ("{{company}}", ["{{company}}"]),
        ("{{ first_name }}", ["{{ first_name }}"]),
        ("{{company}", ["A }"]),
    ],
)
def test_what_is_no_placeholder_is_named_with_those_that_exist(words: str, named: list[str]) -> None:
    found = str(sentences(placeholder_faults(words)))
    for one in named:
        assert one in found
    for name in PLACEHOLDERS:
        assert f"{{{name}}}" in found


@pytest.mark.parametrize(
    "words", ["", "plain", "{company} {occasion} {day} {touchpoint}", "{{ a, b }}", "100 %"]
)
def test_valid_texts_have_no_faults(words: str) -> None:
    assert placeholder_faults(words) == []


def test_an_occasion_cannot_name_itself() -> None:
    assert "{occasion}" in str(placeholder_faults("the {occasion}", OCCASION_PLACEHOLDERS)[0])
    assert placeholder_faults("your order from {company}", OCCASION_PLACEHOLDERS) == []


@given(st.text(alphabet="ab{} ¥\n", max_size=40), st.text(alphabet="x{}\n", max_size=10))
def test_texts_without_faults_show_no_placeholder_and_a_value_is_never_read_as_text(
    words: str, value: str
) -> None:
    values = dict.fromkeys(PLACEHOLDERS, value)
    if not placeholder_faults(words):
        assert fill(words, values) == words.replace("{{", "{").replace("}}", "}")
    marked = fill("{company}|{day}", {**VALUES, "company": value})
    assert marked == f"{' '.join(value.split())}|17 November"


@given(st.text(max_size=30))
def test_a_value_is_one_line_so_that_it_begins_no_other_header(value: str) -> None:
    assert re.search(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", fill("{company}", {"company": value})) is None


def test_every_text_of_a_survey_is_filled_whatever_fields_it_will_have() -> None:
    words: dict[str, Any] = {
        name: f"{name} {{company}}"
        for name in SurveyTexts.__struct_fields__
        if name not in {"follow_up", "question_texts"}
    }
    words["question_texts"] = {
        "wait": QuestionTexts(text="text {company}", options={"long": "option {company}"})
    }
    follow_up = FollowUp(**{name: f"{name} {{company}}" for name in FollowUp.__struct_fields__})
    told = msgspec.json.encode(filled_texts(SurveyTexts(**words, follow_up=follow_up), VALUES)).decode()
    # What it is about is a value itself: whoever makes the values fills it.
    assert re.findall(r"(\w+) \{company\}", told) == ["occasion"]


def test_a_filled_question_never_grows_beyond_what_an_event_takes() -> None:
    texts = SurveyTexts(follow_up=FollowUp(detractor="{company}" * 100))
    filled = filled_texts(texts, {**VALUES, "company": "x" * 200})
    assert filled.follow_up.detractor is not None
    assert len(filled.follow_up.detractor) == MAX_PLACEHOLDER_LENGTH
