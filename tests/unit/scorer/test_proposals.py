"""Which words of comments that name no theme open one, and which never do."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.themes.common_words import COMMON_WORDS, GIVEN_NAMES
from services.scorer.themes.domain import Theme
from services.scorer.themes.finding import people_words
from services.scorer.themes.matching import ThemeMatcher
from services.scorer.themes.proposals import (
    MIN_CUSTOMERS,
    Proposal,
    Room,
    WordEvidence,
    Words,
    WrittenComment,
    find_proposals,
)
from services.scorer.themes.shipped import SHIPPED
from services.scorer.themes.stems import folded
from shared.events.people import People

from .theme_sentences import SENTENCES as STEM_SENTENCES

ROOM = Room(20, 20)
NOTHING = WordEvidence(covered={}, known_stems={}, people=frozenset())


def written(comments: Sequence[str], language: str = "en", name: str = "c") -> list[WrittenComment]:
    """Each by another customer."""
    return [WrittenComment(f"{name} {number}", comment, language) for number, comment in enumerate(comments)]


def found_in(comments: Sequence[WrittenComment], around: WordEvidence = NOTHING) -> list[tuple[str, str]]:
    return [(each.language, each.words.stem) for each in find_proposals(comments, around, ROOM)]


SENTENCES = {
    "en": ("The lockers would not open.", "lockers"),
    "da": ("Det var umuligt med parkeringen igen.", "parkeringen"),
    "nl": ("Er was weer geen fietsenstalling te zien.", "fietsenstalling"),
}


@pytest.mark.parametrize("language", SENTENCES)
def test_the_tenth_customer_opens_a_theme_and_the_ninth_does_not(language: str) -> None:
    sentence, word = SENTENCES[language]
    assert found_in(written([sentence] * 9, language)) == []
    assert found_in(written([sentence] * 10, f"{language}-XX")) == [(language, f"{word}*")]


def test_ten_comments_of_nine_customers_open_none() -> None:
    comments = written(["The lockers jam"] * 9)
    assert found_in([*comments, comments[0]._replace(comment="Those lockers again")]) == []


def test_languages_are_counted_apart() -> None:
    comments = [
        *written(["Locker 4 was jammed"] * 5, "en"),
        *written(["Locker 4 var fyldt med sand"] * 5, "da", "d"),
    ]
    assert found_in(comments) == []


def test_of_words_that_the_same_comments_share_one_opens_a_theme() -> None:
    comments = ["The parking garage was flooded"] * 10
    assert find_proposals(written(comments), NOTHING, ROOM) == (
        Proposal("en", Words("parking", "garage"), 10, True),
    )
    # Where more customers share one of its words, that one opens it, for all of them.
    more = written([*comments, "No parking at all", "Parking!"])
    assert find_proposals(more, NOTHING, ROOM) == (Proposal("en", Words("parking"), 12, True),)


def test_a_long_word_stands_for_those_that_begin_with_it_and_a_short_one_for_itself() -> None:
    assert found_in(written([*["parkering"] * 5, *["parkeringspladsen"] * 5], "da")) == [("da", "parkering*")]
    assert found_in(written([*["lift"] * 5, *["lifted"] * 5])) == []


def test_what_is_known_already_opens_none_however_often_it_comes() -> None:
    around = WordEvidence(covered={}, known_stems={"en": ["locker*"]}, people=frozenset())
    assert found_in(written(["The locker jams", "Lockers jam"] * 10), around) == []
    assert found_in(written(["The locker jams"] * 10, "da"), around) == [("da", "locker jams")]


@pytest.mark.parametrize(
    "comment",
    [
        "It was never Quillan",
        "ask for Quillan",
        "write to quillan.zorg@quillan.example please",
        "see https://quillan.example/zorg now",
        "mette was there",
        "number 4512345678 or 45 12 34 56 78",
        "very good service, great company",
        "x",
        "!!! ??? 1234 4x4",
    ],
)
def test_names_addresses_numbers_and_words_of_anything_open_none(comment: str) -> None:
    assert found_in(written([comment] * 30)) == []


def test_names_of_staff_open_none_though_they_are_written_small() -> None:
    comments = written(["quillan never rang"] * 12)
    assert found_in(comments) == [("en", "quillan*")]
    people = people_words(
        People(), ["agent:Quillan Zorg", "organisation:north", "touchpoint:garage", "agent:The Rang"]
    )
    assert people == {"quillan", "zorg", "rang"}
    assert found_in(comments, WordEvidence(covered={}, known_stems={}, people=people)) == []


def test_what_rises_comes_first_and_has_room_where_what_is_steady_has_none() -> None:
    steady = written(["the carpet is orange"] * 60)
    comments = [each._replace(is_recent=number < 20) for number, each in enumerate(steady)]
    comments += written(["Lockers jam"] * 10, name="new")

    def found(room: Room) -> list[tuple[str, bool]]:
        return [(each.words.text, each.is_rising) for each in find_proposals(comments, NOTHING, room)]

    assert found(ROOM) == [("lockers jam", True), ("carpet", False)]
    assert found(Room(20, 1)) == found(Room(1, 0)) == found(Room(3, -2)) == [("lockers jam", True)]
    # One that was there before, a fifth as often or more, does not rise: 10 of 30 against 3 of 43.
    comments += written(["Lockers jam"] * 2, name="before")
    comments[-2:] = [each._replace(is_recent=False) for each in comments[-2:]]
    assert found(ROOM)[0] == ("lockers jam", True)
    comments.append(comments[-1]._replace(customer="one more"))
    assert found(ROOM) == [("carpet", False), ("lockers jam", False)]


def test_german_opens_none_since_it_writes_nouns_like_names() -> None:
    assert found_in(written(["Das Schliessfach klemmt"] * 30, "de")) == []


def test_a_word_that_other_comments_have_as_often_is_about_nothing() -> None:
    uncovered = written(["the carpet is orange"] * 10 + ["hm"] * 30)
    same = ["a carpet, delivered"] * 10 + ["delivered"] * 30
    few = ["a carpet, delivered"] * 2 + ["delivered"] * 30
    none = ["delivered"] * 100

    def stems(covered: list[str]) -> set[str]:
        around = WordEvidence(covered={"en": covered}, known_stems={}, people=frozenset())
        return {each.words.text for each in find_proposals(uncovered, around, ROOM)}

    assert stems(same) == {"orange"}
    assert stems(few) == stems(none) == {"carpet"}
    # Fewer than thirty others tell nothing.
    assert stems(same[:29]) == stems([]) == {"carpet"}


def test_without_a_list_of_common_words_only_other_comments_tell_what_is_common() -> None:
    comments = written(["hissi on rikki"] * 10, "fi")
    assert found_in(comments) == []
    around = WordEvidence(covered={"fi": ["se on toimitus"] * 100}, known_stems={}, people=frozenset())
    assert found_in(comments, around) == [("fi", "hissi*")]


def test_no_list_has_a_word_that_the_shipped_themes_need_or_a_capital() -> None:
    for words in (*COMMON_WORDS.values(), GIVEN_NAMES):
        assert all(word == folded(word) and word.isalpha() for word in words)


vocabulary = st.sampled_from(
    ["lockers", "locker", "garage", "parking", "lift", "lifts", "the", "was", "and", "Mette", "bad", "x"]
)
comments_of_few = st.lists(
    st.tuples(st.integers(0, 14), st.lists(vocabulary, max_size=5), st.sampled_from(["en", "da"])),
    max_size=60,
)


def brute_force(comments: Sequence[WrittenComment]) -> list[tuple[str, str, int]]:
    """By trying each word and each two words with the matcher by which themes are found, over and over."""
    found: list[tuple[str, str, int]] = []
    for language in ("en", "da"):
        left = [each for each in comments if each.language == language]
        common = COMMON_WORDS[language] | GIVEN_NAMES
        while True:
            tried: list[tuple[int, bool, int, Words, list[WrittenComment]]] = []
            words = {word for each in left for word in folded(each.comment).split()}
            meant = {word for word in words if len(word) > 2 and word not in common}
            pairs = {Words(first, second) for first in meant for second in meant}
            for each in sorted({*map(Words, meant), *pairs}):
                matcher = ThemeMatcher([Theme(id="t", stems={language: (each.stem,)})])
                own = [one for one in left if matcher.themes_of(one.comment, language)]
                customers = len({one.customer for one in own})
                # A pair is of two words that somebody wrote, not of one and the start of another.
                is_written = not each.second or any(
                    each == Words(*pair) for one in left for pair in pairwise(folded(one.comment).split())
                )
                if customers >= MIN_CUSTOMERS and is_written:
                    tried.append((-customers, not each.second, -len(each.text), each, own))
            if not tried:
                break
            best = min(tried, key=lambda one: one[:4])
            found.append((language, best[3].stem, -best[0]))
            left = [one for one in left if one not in best[4]]
    return sorted(found, key=lambda one: (-one[2], one[0]))


@given(comments_of_few, st.randoms(use_true_random=False))
def test_what_is_found_is_what_trying_each_word_comes_to_in_any_order(
    given_comments: list[tuple[int, list[str], str]], random: Random
) -> None:
    comments = [
        WrittenComment(f"c {customer}", " ".join(words), language)
        for customer, words, language in given_comments
    ]
    found = find_proposals(comments, NOTHING, ROOM)
    shuffled = list(comments)
    random.shuffle(shuffled)
    assert find_proposals(shuffled, NOTHING, ROOM) == found
    without_names = [(each.language, each.words.stem, each.customers) for each in found]
    assert sorted(without_names) == sorted(brute_force(comments))


@pytest.mark.parametrize("language", SENTENCES)
def test_among_sentences_about_anything_a_planted_theme_is_what_opens(language: str) -> None:
    matcher = ThemeMatcher(SHIPPED.themes)
    all_sentences = [
        sentence
        for by_language in STEM_SENTENCES.values()
        for _, *pair in by_language[language]
        for sentence in pair
    ]
    covered = [each for each in all_sentences if matcher.themes_of(each, language)]
    uncovered = [each for each in all_sentences if not matcher.themes_of(each, language)]
    assert min(len(covered), len(uncovered)) >= 30
    around = WordEvidence(covered={language: covered}, known_stems={}, people=frozenset())
    assert found_in(written(uncovered, language), around) == []
    planted, word = SENTENCES[language]
    own = [f"{one.rstrip('.')}. {planted}" for one in uncovered[:10]]
    assert found_in(written([*uncovered, *own[:9]], language), around) == []
    assert found_in(written([*uncovered, *own], language), around) == [(language, f"{word}*")]
