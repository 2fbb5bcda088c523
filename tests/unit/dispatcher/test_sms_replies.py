"""What customers reply to a text: numbers that are answers, numbers that are none, and calls for help."""

import re
import unicodedata

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


@pytest.mark.parametrize(
    "text",
    ["9:30", "10:15 works", "10 - 12 I am in a meeting", "7 - 9 pm", "1. april er jeg tilbage", "2) parcel", "5? why",
     "1, 2 or 3 items missing", "8 - 16 on weekdays", "7pm", "7 pm", "7 - pm", "9, Monday", "1/10 er jeg tilbage",
     "3 - days late", "2 - parcels missing", "1, two or three things", "7-eleven", "2-day delivery", "1st", "3. parcel",
     "7/10/2026", "7.10.", "10/12", "7½", "1⁰", "07/10", "10 €", "7°", "5, or so", "7, klokken", "8 Uhr", "10h",
     "3 out of 10 items were broken", "4 in the afternoon", "6 - in the evening", "1: parcel", "2?", "7 8", "7\n8",
     "9 - until October", "3, maybe ④", "10 - back on Monday", "5 av 100", "0 - 10", "7 to 9", "8,5", "8, 5"],
)  # fmt: skip
def test_a_number_of_a_date_a_time_or_a_list_is_no_score(text: str) -> None:
    assert read_reply(text) == ("unclear", None)


@pytest.mark.parametrize(
    "text",
    ["7 / 10", "7 von 10", "7 out of 10", "7/10 thanks", "7!", "7.", "7 :)", "7 :-) thanks", "7\n\nBest regards, Kim",
     "7 - quick, kind & cheap", "7– fine", "7; could be better", "7 (great)", "7️⃣", "7 👍🏽", "7 af 10!",
     "7 - on time and friendly", "7, min pakke kom", "7 - a great service", "7 - det \u00e4r bra", "7 - er glad",
     "7, because nobody told me that " + "the driver would be so kind " * 6],
)  # fmt: skip
def test_what_is_certainly_a_score_is_one(text: str) -> None:
    assert read_reply(text) == ("score", 7)


@pytest.mark.parametrize(
    "text",
    ["8:00-16:00 are our opening hours, please call in that time.",
     "7, " + "this is how a long signature goes on and on, " * 4 + "call +45 12 34 56 78",
     "10 - automatic reply", "3 Tage: Abwesenheit", "1. april er jeg tilbage. Autosvar",
     "7 - this number is not read", "2 weeks out of office", "9 " + "word " * 40 + "12"],
)  # fmt: skip
def test_what_nobody_has_written_gets_no_text_back(text: str) -> None:
    assert read_reply(text) == ("other", None)


pieces = st.sampled_from(
    [*(str(number) for number in range(13)), "/10", " out of 10", " ", "-", " - ", ":", ".", ",", ")", "?", "!", "\n", "%",
     "/", "pm", "Monday", "april", "fine", "thanks", "😀", "or", "½", "kl"]
)  # fmt: skip


@given(st.lists(pieces, max_size=6).map("".join) | st.from_regex(r"\s*\d.{0,12}", fullmatch=True))
def test_a_score_is_the_only_number_of_its_reply(text: str) -> None:
    read = read_reply(text)
    if read.kind != "score":
        return
    numbers = re.findall(r"\d+", unicodedata.normalize("NFKC", text))
    assert numbers in ([str(read.score)], [str(read.score), "10"])
    if len(numbers) == 2:
        assert re.match(r"\W*\d+\s*[^\W\d]*\s*(/|\w+)\s*10", unicodedata.normalize("NFKC", text))
    assert not re.search(r"\d\s*[:.?)%]\s*[^\W\d]|\d\s*(pm|kl|Monday|april|or)|\?", text)


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
