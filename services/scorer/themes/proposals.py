"""Which words of comments that name no theme open one by themselves. Pure: no model, no chance, no order.

A proposal is a word, or two that follow each other, that ten customers share in one language. Three things
keep words out that are about nothing. Lists: words that a comment about anything has, and names. The other
comments: a word has to have at least twice their share, and more than theirs by Newcombe's interval, unless
hardly any of them has it. Capitals: what is mostly written with one in the middle of a sentence is a name.

What rises comes first: words that have five times the share in the comments of the last days that they have
in those before. Then what most customers share. Its comments are its own then, and what is left is looked at
again: of words that the same comments share one opens a theme. Of proposals that are alike two words come
before one, and longer words before shorter ones.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from services.scorer.domain import MIN_ANSWERS_COMPARED
from services.scorer.themes.common_words import COMMON_WORDS, GIVEN_NAMES
from services.scorer.themes.domain import THEME_LANGUAGES, Theme
from services.scorer.themes.matching import MAX_SEARCHED_CHARS, ThemeMatcher
from services.scorer.themes.stems import ANY_LETTERS, MAX_STEM_CHARS, folded
from shared.values.proportions import newcombe

MIN_CUSTOMERS = 10
"""Who share the words: with the tenth a theme opens."""
MIN_WORD_CHARS = 3
MIN_STEM_START_CHARS = 5
"""From so many letters on a word stands for all that begin with it; a shorter one for itself alone."""
MIN_TIMES_AS_FREQUENT = 2
MIN_OTHERS = 3
"""Comments that name a theme: fewer that have a word do not tell that it is common, where a list does."""
FOUND_LANGUAGES = frozenset(THEME_LANGUAGES) - {"de"}
"""Not German: it writes all nouns with a capital, so that names are not told from them."""
TIMES_AS_FREQUENT_RISING = 5
_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+|www\.\S+", re.IGNORECASE)
_ENDS_SENTENCE = frozenset('.!?:;\n\r"“”„»«(-\N{EN DASH}\N{EM DASH}\N{BULLET}*')
_KNOWN = "known"


class WrittenComment(NamedTuple):
    """A comment, and whose it is."""

    customer: str
    comment: str
    language: str
    """Such as ``da``; the place behind it (``da-DK``) plays no part."""
    is_recent: bool = True
    """Whether it is of the last days, in which a new theme rises."""


class Words(NamedTuple):
    """A word, or two that follow each other with one space between; the last one may be the start of longer
    ones.
    """

    first: str
    second: str = ""

    @property
    def text(self) -> str:
        """As they are written."""
        return f"{self.first} {self.second}".strip()

    @property
    def stem(self) -> str:
        """As a theme is searched by them."""
        last = self.second or self.first
        return self.text + (ANY_LETTERS if len(last) >= MIN_STEM_START_CHARS else "")


class Proposal(NamedTuple):
    """Words that open a theme."""

    language: str
    words: Words
    customers: int
    """Who share them, without those of the proposals before it."""
    is_rising: bool


class Room(NamedTuple):
    """How many themes may open."""

    rising: int
    steady: int
    """Of those, at most so many that do not rise: so that these never leave no room for what is new."""


@dataclass(frozen=True, kw_only=True)
class WordEvidence:
    """What stands beside the comments that name no theme."""

    covered: Mapping[str, Sequence[str]]
    """The comments that name one, by language."""
    known_stems: Mapping[str, Sequence[str]]
    """Of the themes that were opened before, whatever became of them, by language: none opens again."""
    people: AbstractSet[str]
    """Words of the names of the company's staff, folded."""


def find_proposals(
    uncovered: Sequence[WrittenComment], around: WordEvidence, room: Room
) -> tuple[Proposal, ...]:
    """The proposals of all languages: what rises, then what most customers share."""
    by_language: defaultdict[str, list[WrittenComment]] = defaultdict(list)
    for each in uncovered:
        language = each.language.partition("-")[0].lower()
        if language in FOUND_LANGUAGES:
            by_language[language].append(each)
    found = [
        proposal
        for language, own in by_language.items()
        for proposal in _of_language(language, own, around, room.rising)
    ]
    found.sort(key=lambda each: (not each.is_rising, -each.customers, each.language, each.words))
    kept = [each for place, each in enumerate(found[: room.rising]) if each.is_rising or place < room.steady]
    return tuple(kept)


def _of_language(
    language: str, comments: Sequence[WrittenComment], around: WordEvidence, most: int
) -> Iterator[Proposal]:
    if known := around.known_stems.get(language):
        matcher = ThemeMatcher([Theme(id=_KNOWN, stems={language: tuple(known)})])
        comments = [each for each in comments if not matcher.themes_of(each.comment, language)]
    index = WordIndex([each.comment for each in comments])
    common = COMMON_WORDS.get(language, frozenset()) | GIVEN_NAMES | around.people
    left = {
        words: places
        for words in index.candidates(common)
        if len(places := index.places_of(words)) >= MIN_CUSTOMERS
    }
    others = WordIndex(around.covered.get(language, ()))
    has_list = language in COMMON_WORDS
    left = {
        words: places
        for words, places in left.items()
        if not index.looks_like_name(words)
        and _is_distinctive(len(places), len(comments), len(others.places_of(words)), others.size, has_list)
    }
    recent = {number for number, each in enumerate(comments) if each.is_recent}
    rising = {words for words, places in left.items() if _rises(places, recent, len(comments))}
    for _ in range(most):
        customers = {words: len({comments[n].customer for n in places}) for words, places in left.items()}
        left = {words: places for words, places in left.items() if customers[words] >= MIN_CUSTOMERS}
        if not left:
            return
        best = min(
            left,
            key=lambda words: (
                words not in rising,
                -customers[words],
                not words.second,
                -len(words.text),
                words,
            ),
        )
        yield Proposal(language, best, customers[best], best in rising)
        own = left[best]
        left = {words: places - own for words, places in left.items()}


def _is_distinctive(part: int, whole: int, other_part: int, other_whole: int, has_list: bool) -> bool:
    """Whether words are of these comments more than of the others.

    :param has_list: whether the words that are common in the language are known: then few other comments do.
    """
    if has_list and (other_whole < MIN_ANSWERS_COMPARED or other_part < MIN_OTHERS):
        return True
    if other_whole < MIN_ANSWERS_COMPARED:
        return False
    if part * other_whole < MIN_TIMES_AS_FREQUENT * other_part * whole:
        return False
    return newcombe(part, whole, other_part, other_whole).low > 0


def _rises(places: AbstractSet[int], recent: AbstractSet[int], whole: int) -> bool:
    part = len(places & recent)
    return part > 0 and part * (whole - len(recent)) >= TIMES_AS_FREQUENT_RISING * (len(places) - part) * len(
        recent
    )


class WordIndex:
    """Which comments have which words."""

    def __init__(self, comments: Sequence[str]) -> None:
        self.size = len(comments)
        self._words: defaultdict[str, set[int]] = defaultdict(set)
        self._pairs: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._inside: defaultdict[str, int] = defaultdict(int)
        """How often a word stands within a sentence, and how often with a capital there."""
        self._capital: defaultdict[str, int] = defaultdict(int)
        for number, comment in enumerate(comments):
            self._add(number, _ADDRESS.sub(". ", comment[:MAX_SEARCHED_CHARS]))
        self._sorted = _WordStarts(self._words)
        self._sorted_pairs = {first: _WordStarts(each) for first, each in self._pairs.items()}

    def _add(self, number: int, comment: str) -> None:
        text = folded(comment)
        before, end = "", -2
        for found in _WORD.finditer(text):
            word = found[0]
            self._words[word].add(number)
            if before and found.start() == end + 1 and text[end] == " ":
                self._pairs[before][word].add(number)
            before, end = word, found.end()
        written, end = unicodedata.normalize("NFKC", comment), 0
        for found in _WORD.finditer(written):
            between, end = written[end : found.start()], found.end()
            if between and not _ENDS_SENTENCE & set(between):
                word = folded(found[0])
                self._inside[word] += 1
                self._capital[word] += found[0][0].isupper() and not found[0][1:].isupper()

    def candidates(self, common: Collection[str]) -> list[Words]:
        """All words, and pairs of them, that may be what a comment is about."""
        words = [word for word in self._words if _may_be_meant(word, common)]
        pairs = [
            Words(first, second)
            for first in words
            for second in self._pairs.get(first, ())
            if _may_be_meant(second, common)
        ]
        return [Words(word) for word in words] + [pair for pair in pairs if len(pair.stem) <= MAX_STEM_CHARS]

    def places_of(self, words: Words) -> set[int]:
        """The numbers of the comments that have them."""
        if not words.second:
            return self._sorted.places_of(words.first)
        starts = self._sorted_pairs.get(words.first)
        return set() if starts is None else starts.places_of(words.second)

    def looks_like_name(self, words: Words) -> bool:
        """Whether one of them is mostly written with a capital where no sentence begins."""
        return any(
            self._inside.get(word, 0) and 2 * self._capital.get(word, 0) >= self._inside[word]
            for word in words
            if word
        )


class _WordStarts:
    """The comments of words by what the words begin with."""

    def __init__(self, places: Mapping[str, set[int]]) -> None:
        self._places = places
        self._by_start: defaultdict[str, list[str]] = defaultdict(list)
        for word in places:
            if len(word) >= MIN_STEM_START_CHARS:
                self._by_start[word[:MIN_STEM_START_CHARS]].append(word)

    def places_of(self, word: str) -> set[int]:
        """The numbers of the comments that have the word, or one that it is the start of."""
        if len(word) < MIN_STEM_START_CHARS:
            return set(self._places.get(word, ()))
        family = self._by_start.get(word[:MIN_STEM_START_CHARS], ())
        return set().union(*(self._places[each] for each in family if each.startswith(word)))


def _may_be_meant(word: str, common: Collection[str]) -> bool:
    return MIN_WORD_CHARS <= len(word) <= MAX_STEM_CHARS - 1 and word.isalpha() and word not in common
