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
    ["7 / 10", "7 von 10", "7 out of 10", "7/10, thanks", "7/10 - thanks", "7!", "7.", "7 :)", "7 :-) thanks", "7\n\nBest regards, Kim",
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
     "3 Tage: Abwesenheit", "1. april er jeg tilbage. Autosvar",
     "2 weeks out of office", "9 " + "word " * 40 + "12"],
)  # fmt: skip
def test_what_nobody_has_written_gets_no_text_back(text: str) -> None:
    assert read_reply(text) == ("other", None)


@pytest.mark.parametrize("text", ["Score: 9", "I give you an 8", "My answer is 10!", "2)", "Nr. 7"])
def test_a_single_number_of_the_scale_that_is_no_sure_score_is_asked_about(text: str) -> None:
    assert read_reply(text) == ("unclear", None)


@pytest.mark.parametrize(
    ("text", "score"),
    [("(9)", 9), ("*9*", 9), ("[7/10]", 7), ("\U0001f51f", 10), ("\u200e9", 9), ("\u2068(9)\u2069", 9), ("**10**!", None)],
)  # fmt: skip
def test_marks_around_the_whole_reply_say_nothing(text: str, score: int | None) -> None:
    assert read_reply(text).score == score


@pytest.mark.parametrize(
    "text",
    ["1/10 kommer jeg", "5/10 geht leider nicht", "9/10 passt mir gut", "3 out of 10 never came", "3 of 10 arrived",
     "3 av 10 kom fram", "2 ud af 10 var i stykker", "9 van 10 waren kapot", "7/10 thanks", "4 sur 10 sont cass\u00e9s",
     "6 de 10 llegaron"],
)  # fmt: skip
def test_what_is_said_of_some_of_ten_is_no_score(text: str) -> None:
    assert read_reply(text) == ("unclear", None)


@pytest.mark.parametrize(
    ("text", "score"),
    [("9 - opening hours are too short", 9), ("4 - \u00e5bningstiderne er for korte", 4),
     ("5 - die \u00d6ffnungszeiten sind zu kurz", 5), ("9, horario de entrega perfecto", 9),
     ("9 - the automated checkout was great", 9), ("3 - pas lu le message", 3), ("2 - my mail was not read", 2),
     ("2 - meine Mail wurde nicht beantwortet", 2), ("3 - openingstijden te kort", 3), ("6 - oppettider", 6)],
)  # fmt: skip
def test_a_reason_that_machines_write_too_is_a_reason(text: str, score: int) -> None:
    assert read_reply(text) == ("score", score)


@pytest.mark.parametrize(
    "text",
    ["10 - automatic reply", "7 - this number is not read", "9, autosvar", "9 - out of office", "3 - afwezig",
     "8, Abwesenheit", "7 - r\u00e9ponse automatique", "9 - respuesta autom\u00e1tica", "7 - automaattinen vastaus",
     "8 - automatiskt svar", "9, fr\u00e5nvaro", "7 - ikke p\u00e5 kontoret", "6 - nicht im B\u00fcro"],
)  # fmt: skip
def test_a_score_before_words_of_a_machine_is_asked_about(text: str) -> None:
    assert read_reply(text) == ("unclear", None)


SAID_OF_NUMBERS = {
    "en": ("9, on Mondays", "7 - p.m.", "3 - wks late", "2, or so"),
    "da": ("9, i onsdags", "9 - i morgen", "3 - ugers forsinkelse", "2, eller tre"),
    "nl": ("9, maandagavond", "8 - 's avonds", "3 - u te laat", "2, of drie"),
    "de": ("9 - im Februar", "8, morgens", "3, Std. zu sp\u00e4t", "2, oder drei"),
    "fr": ("9, les lundis", "8 - l'apr\u00e8s-midi", "3 - semaines de retard", "2, ou trois"),
    "es": ("9, el domingo", "8 - a.m.", "3 - cajas rotas", "2, tres"),
    "sv": ("9, p\u00e5 onsdagen", "9, imorgon", "3, veckors v\u00e4ntan", "2, eller tre"),
    "nb": ("9, onsdagen", "9 - kl. fem", "3 - ukers ventetid", "2, kanskje tre"),
    "fi": ("9 - tammikuuta", "9, maanantaina", "3, viikon my\u00f6h\u00e4ss\u00e4", "2, tai kolme"),
}
"""By language: a date, a time, a count and a list."""


@pytest.mark.parametrize("text", [text for texts in SAID_OF_NUMBERS.values() for text in texts])
def test_words_of_each_language_make_a_number_a_date_a_time_a_count_or_one_of_a_list(text: str) -> None:
    assert read_reply(text) == ("unclear", None)


REASONS = {
    "en": ("great service", "the driver was kind", "too slow, and nobody called"),
    "da": ("god og hurtig levering", "chauff\u00f8ren var flink", "alt for dyrt"),
    "nl": ("snelle levering", "de bezorger was aardig", "veel te duur"),
    "de": ("sehr gute Beratung", "der Fahrer war freundlich", "viel zu teuer"),
    "fr": ("tr\u00e8s bon service", "le livreur \u00e9tait aimable", "beaucoup trop cher"),
    "es": ("muy buen servicio", "el repartidor fue amable", "demasiado caro"),
    "sv": ("mycket bra service", "chauff\u00f6ren var trevlig", "alldeles f\u00f6r dyrt"),
    "nb": ("veldig bra service", "sj\u00e5f\u00f8ren var hyggelig", "altfor dyrt"),
    "fi": ("oikein hyv\u00e4 palvelu", "kuljettaja oli yst\u00e4v\u00e4llinen", "aivan liian kallis"),
}


@pytest.mark.parametrize("language", sorted(REASONS))
def test_a_reason_in_each_language_leaves_the_number_a_score(language: str) -> None:
    for reason in REASONS[language]:
        for between in (" - ", ", ", "! ", " \u2013 ", "\n"):
            assert read_reply(f"8{between}{reason}") == ("score", 8), reason
    assert REASONS.keys() == SAID_OF_NUMBERS.keys() == STOP_WORDS.keys()


@pytest.mark.parametrize(
    "text",
    ["3, st", "3 - stycken", "9, i dag", "9 - torstaina", "3 - min late", "3, min", "5 - mins", "9 - \u00e5r",
     "6 - in the evening", "7, am Montag", "3 - kuukauden p\u00e4\u00e4st\u00e4", "2 - dagers ventetid"],
)  # fmt: skip
def test_inflected_and_short_forms_say_what_a_number_counts(text: str) -> None:
    assert read_reply(text) == ("unclear", None)


@pytest.mark.parametrize(
    ("text", "score"),
    [("9 - quick service today", 9), ("3 - the second parcel never came", 3), ("10, see you tomorrow", 10),
     ("9 - I am happy", 9), ("7, min pakke kom", 7), ("8 - u bent vriendelijk", 8), ("9 - det \u00e4r bra", 9)],
)  # fmt: skip
def test_a_date_or_a_unit_far_behind_a_score_is_about_something_else(text: str, score: int) -> None:
    assert read_reply(text) == ("score", score)


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


@pytest.mark.parametrize(
    "text", ["", "Thanks", "ten", "I give you 8 of 9", "Call 20123456", "\U0001f600", "?"]
)
def test_what_has_no_single_number_of_the_scale_and_begins_with_none_is_another_reply(text: str) -> None:
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
        ("Answer in 10 minutes, it costs 0 kr", False),
        ("Answer in 10 minutes it costs 0 kr", False),
        ("10 questions and 0 cost", False),
        ("It costs 0. Answer within 10", False),
        ("0 kr today and 10 kr later", False),
        ("0 is what you pay when you have answered all of our 10", False),
        ("0.5 to 10", False),
        ("0 to 10.5", False),
        ("Write 0,10", False),
        ("Entre 0 y 10: \u00bfnos recomendar\u00eda?", True),
        ("0 = never, 10 = always", True),
        ("0 (slet ikke sandsynligt) til 10 (meget sandsynligt)", True),
        ("Would you recommend us, 0 to 10.", True),
        ("", False),
        ("Zwischen 0 und 10?", True),
        ("Anna 0 ja 10 v\u00e4lilt\u00e4", True),
        ("Asteikolla 0\u201310", True),
        ("From 0 very bad to 10 very good", True),
        ("Reply 0 to 10 or STOP", True),
        ("10 = always, 0 = never", True),
        ("10 to 0, how was it?", True),
        ("We won 10-0! How was it?", False),
        ("Won 10/0", False),
        ("Order 0 of 10", False),
        ("Rabat 0 og 10", False),
        ("Buy 0 get 10", False),
        ("0 until 10 March", False),
        ("Open from 0 to 10 March", False),
        ("You have 10 (ten) days and 0 fees", False),
        ("Level 10 (0 left)", False),
        ("0 to 10 items arrived", False),
        ("Tap 0/10", False),
    ],
)
def test_a_number_is_asked_for_where_the_sentence_names_both_ends_of_the_scale(
    sentence: str, named: bool
) -> None:
    assert names_scale(sentence) is named
