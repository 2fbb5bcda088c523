"""What customers reply to a text: numbers that are answers, numbers that are none, and calls for help."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.sms.reply_words import HELP_WORDS, names_scale, read_reply
from services.dispatcher.sms.stop_words import STOP_WORDS
from shared.events.nps import SCALE


@pytest.mark.parametrize("written", ["{}", " {}. ", "{}!", "{}/10", "{} / 10", "{} - fine", "{}, thanks", "{} av 10",
                                     "\u201c{}\u201d", "{} out of 10 :)", "{} \U0001f600"])  # fmt: skip
def test_b27_a_number_of_the_scale_at_the_beginning_is_a_score(written: str) -> None:
    for score in SCALE:
        assert read_reply(written.format(score)) == ("score", score)


@pytest.mark.parametrize(
    "text",
    ["11", "-3", "7.5", "7,5", "100", "007", "7/5", "1 0", "3 days late", "5%", "+45 20 12 34 56", "10-0"],
)
def test_b27_a_number_that_is_no_score_is_never_guessed(text: str) -> None:
    assert read_reply(text) == ("unclear", None)


@pytest.mark.parametrize("text", ["", "Thanks", "ten", "I give you an 8", "\U0001f600", "?"])
def test_what_begins_with_no_number_is_another_reply(text: str) -> None:
    assert read_reply(text) == ("other", None)


@pytest.mark.parametrize("language", sorted(HELP_WORDS))
def test_b27_each_language_has_words_for_help_and_none_of_them_stops(language: str) -> None:
    for word in HELP_WORDS[language]:
        for written in (word, word.upper(), f" {word.title()}! "):
            assert read_reply(written).kind == "help", written
    assert language in STOP_WORDS


def test_b27_a_wish_to_stop_beats_a_number() -> None:
    assert read_reply("Stop 7").kind == "stop"
    assert read_reply("STOP").kind == "stop"
    assert read_reply("start").kind == "start"


@given(st.text(max_size=2_000))
def test_any_reply_is_read_and_a_score_is_of_the_scale(text: str) -> None:
    read = read_reply(text)
    assert (read.score in SCALE) == (read.kind == "score")


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("{company}: 0 to 10, would you recommend us?", True),
        ("0-10?", True),
        ("Fra 10 (helt sikkert) til 0", True),
        ("How did it go?", False),
        ("Order 100 of 10.10.2026", False),
        ("", False),
    ],
)
def test_a_number_is_asked_for_where_the_sentence_names_both_ends_of_the_scale(
    sentence: str, named: bool
) -> None:
    assert names_scale(sentence) is named
