"""The words of answers, and of searches."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.cases.repository.search import number_of
from services.alerts.cases.words import (
    MAX_SEARCHED_WORDS,
    MAX_WORD_CHARS,
    MAX_WORDS,
    indexed,
    search_query,
    words_of,
)


def test_case_accents_and_signs_make_no_difference() -> None:
    assert words_of("Élodie’s SOFA-table, no. 12_b", None, "sofa") == [
        "elodie", "s", "sofa", "table", "no", "12", "b",
    ]  # fmt: skip
    assert words_of("Straße") == ["strasse"]
    assert words_of("…!?", "", None) == []


def test_long_texts_and_words_are_cut() -> None:
    assert words_of("a" * 5_000) == ["a" * MAX_WORD_CHARS]
    assert len(words_of(" ".join(map(str, range(5_000))))) == MAX_WORDS


def test_a_search_wants_all_words_of_its_company_and_short_ones_whole() -> None:
    assert search_query("acme", "Sofa no 12") == "'@acme' & 'sofa':* & 'no' & '12'"
    assert search_query("acme", " ?! ") is None
    assert str(search_query("acme", "one " * 50)).count("&") == 1
    many = search_query("acme", " ".join(map(str, range(100))))
    assert str(many).count("&") == MAX_SEARCHED_WORDS
    assert indexed("it's", "A table") == "'@it''s' 'a' 'table'"


@given(st.text())
def test_no_text_gets_out_of_its_quotes(text: str) -> None:
    for word in words_of(text):
        assert word
        assert not set(word) & set(string.punctuation + string.whitespace)


@given(st.text(min_size=1))
def test_each_word_of_a_text_is_looked_for_as_it_is_indexed(text: str) -> None:
    for word in words_of(text):
        assert words_of(word) == [word]


@pytest.mark.parametrize(
    ("text", "number"), [(" 48213 ", 48213), ("48213a", None), ("", None), ("٣", None), ("9" * 19, None)]
)
def test_a_case_number_is_plain_digits(text: str, number: int | None) -> None:
    assert number_of(text) == number
