"""Lengths of texts, words that stop them, whom they come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.http_clients import afterword_settings

from services.dispatcher.sms.installation import SmsInstallation
from services.dispatcher.sms.lengths import (
    GSM_BASIC,
    GSM_EXTENSION,
    odd_characters,
    simplified,
    text_length,
)
from services.dispatcher.sms.sender_ids import country_of, is_name, is_number, sender_for
from services.dispatcher.sms.stop_words import START_WORDS, STOP_WORDS, wish_of
from services.dispatcher.sms.survey_text import SurveyTextRenderer
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.sample_invitations import sample_invitation
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.clock import system_clock
from shared.events import SurveyTexts, Tenant
from shared.ids import uuid7

GSM = st.text(alphabet=sorted(GSM_BASIC | GSM_EXTENSION), max_size=600)


@pytest.mark.parametrize(
    ("text", "encoding", "parts"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("å" * 160, "GSM-7", 1),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("ê", "UCS-2", 1),
        ("ê" * 70, "UCS-2", 1),
        ("ê" * 71, "UCS-2", 2),
        ("ê" * 134, "UCS-2", 2),
        ("ê" * 135, "UCS-2", 3),
        ("\u2019" + "a" * 69, "UCS-2", 1),
        ("😀" * 35, "UCS-2", 1),
        ("😀" * 36, "UCS-2", 2),
    ],
)
def test_a_text_is_as_long_as_the_standard_says(text: str, encoding: str, parts: int) -> None:
    found = text_length(text)
    assert (found.encoding, found.parts) == (encoding, parts)


def test_a_character_of_two_units_is_not_cut_between_two_parts() -> None:
    """152 septets leave one in the first part, which an escaped character does not fit into."""
    assert text_length("a" * 152 + "€" + "a" * 151).parts == 2
    assert text_length("a" * 152 + "€" + "a" * 152).parts == 3
    assert text_length("ê" * 66 + "😀" + "ê" * 65).parts == 2
    assert text_length("ê" * 66 + "😀" + "ê" * 66).parts == 3


@given(st.one_of(GSM, st.text(max_size=300)))
def test_parts_hold_the_text_and_no_more_parts_than_that(text: str) -> None:
    found = text_length(text)
    single, joined = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[found.encoding]
    assert (found.encoding == "GSM-7") == (odd_characters(text) == "")
    if found.units <= single:
        assert found.parts == 1
        assert found.left == single - found.units
    else:
        # Of each part at most one unit is lost, before a character that takes two.
        assert (found.parts - 1) * (joined - 1) < found.units <= found.parts * joined
        assert 0 <= found.left < joined


@given(GSM, st.sampled_from(sorted(GSM_BASIC)))
def test_one_more_character_never_makes_a_text_shorter(text: str, more: str) -> None:
    assert text_length(text + more).parts >= text_length(text).parts


@pytest.mark.parametrize("language", sorted(STOP_WORDS))
def test_each_language_has_words_to_stop_and_to_start(language: str) -> None:
    for word in STOP_WORDS[language]:
        for written in (word, word.upper(), f" {word.title()}. ", f"“{word}!”"):
            assert wish_of(written) == "stop", written
    for word in START_WORDS[language]:
        assert wish_of(word.upper()) == "start", word


@pytest.mark.parametrize(
    "text", ["9", "10!", "end of story, great service", "I will not stop buying", "", "…"]
)
def test_another_reply_is_no_wish(text: str) -> None:
    assert wish_of(text) is None


@pytest.mark.parametrize("text", ["Stop sending me this", "STOP SMS", "stop.", "Unsubscribe me please"])
def test_a_few_words_behind_stop_do_not_matter(text: str) -> None:
    assert wish_of(text) == "stop"


def test_no_word_both_stops_and_starts() -> None:
    assert {wish_of(word) for words in START_WORDS.values() for word in words} == {"start"}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+4520123456", "Havnbo"),
        ("+12125550123", "+4591234567"),
        ("+16135550123", "+4591234567"),
        ("+32470123456", "+4591234567"),
        ("+447911123456", "Havnbo"),
    ],
)
def test_a_country_that_takes_no_names_gets_the_number(number: str, expected: str) -> None:
    assert sender_for(number, name="Havnbo", own_number="+4591234567") == expected


def test_where_there_is_no_number_a_country_without_names_gets_no_text() -> None:
    assert country_of("+12125550123") == "US"
    assert sender_for("+12125550123", name="Havnbo", own_number=None) is None
    assert sender_for("+4520123456", name=None, own_number="+4591234567") == "+4591234567"


@pytest.mark.parametrize(
    ("sender", "name", "number"),
    [
        ("Havnbo", True, False),
        ("Havn Bo 24", True, False),
        ("12345", False, True),
        ("+4591234567", False, True),
        ("Twelve chars", False, False),
        ("Hå", False, False),
        ("1234567890", False, False),
    ],
)
def test_senders_are_names_or_numbers(sender: str, name: bool, number: bool) -> None:
    assert (is_name(sender), is_number(sender)) == (name, number)


def a_text(language: str, texts: SurveyTexts = SurveyTexts(), *, by_reply: bool = True) -> str:  # noqa: B008
    settings = afterword_settings("127.0.0.1:1", public_url="https://ask.havnbo.example")
    installation = SmsInstallation(provider=None, name=None, number="+4591234567")
    draft = SurveyDraft(name="After delivery", trigger="order.delivered")
    tenant = Tenant(id="havnbo", version=1, name="Havnbo", time_zone="Europe/Copenhagen", country="DK")
    invitation = sample_invitation(uuid7(), draft, language, system_clock())
    return SurveyTextRenderer(settings, installation).text(invitation, tenant, texts, by_reply=by_reply)


@pytest.mark.parametrize("language", STANDARD_LANGUAGES)
def test_the_standard_text_is_one_message_in_each_language(language: str) -> None:
    text = a_text(language)
    found = text_length(text)
    assert (found.encoding, found.parts) == ("GSM-7", 1), text
    assert "Havnbo" in text
    assert "https://ask.havnbo.example/s/" in text
    assert "STOP" in text


def test_a_sender_with_a_name_gets_a_link_to_unsubscribe() -> None:
    text = a_text("en", by_reply=False)
    assert "https://ask.havnbo.example/u/" in text
    assert "STOP" not in text


def test_own_words_are_filled_and_their_quotes_made_plain() -> None:
    text = a_text("en", SurveyTexts(sms="{company}: how was “{occasion}”?"))
    assert text.startswith('Havnbo: how was "your delivery"? https://')
    assert simplified("a – b…") == "a - b..."
