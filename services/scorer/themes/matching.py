"""Which themes a comment names. Pure; a matcher is made once for each version of a company's themes.

No expression is ever run: the stems are looked up by the letters that they begin with and by their lengths,
so that a comment takes time by its own length, whatever the stems are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from services.scorer.themes.domain import Theme
from services.scorer.themes.stems import folded, parse_stem

MAX_SEARCHED_CHARS = 5_000
"""Of a comment: what stands behind them names no theme."""
MAX_FOUND_STEMS = 400
"""In one comment: of further ones nothing is made."""
START_CHARS = 3
"""By so many letters stems are looked up first."""
READ_AS = {"nb": "da", "nn": "da", "no": "da"}
"""Languages that are searched by the stems of another one where they have none of their own."""
_NOBODY, _SEVERAL = -1, -2


class Claim(NamedTuple):
    """A stem of a theme."""

    theme: int
    begins_word: bool
    ends_word: bool
    is_meant: bool


class FoundStem(NamedTuple):
    """Where a stem was found."""

    start: int
    end: int
    claim: Claim


class ThemeMatcher:
    """Finds the themes of comments by the stems of one version."""

    def __init__(self, themes: Sequence[Theme]) -> None:
        by_language: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for number, theme in enumerate(themes):
            for language, stems in theme.stems.items():
                by_language[language] += [(number, stem) for stem in stems]
        self._ids = [theme.id for theme in themes]
        self._lexicons = {language: _Lexicon(stems) for language, stems in by_language.items()}
        self._all = _Lexicon(each for stems in by_language.values() for each in stems)

    def themes_of(self, comment: str, language: str | None) -> tuple[str, ...]:
        """The ids of the themes that a comment names, in the order of the themes.

        It is searched by the stems of its language; where that is not known, or has no stems, by all.
        """
        spoken = (language or "").partition("-")[0].lower()
        lexicon = self._lexicons.get(spoken) or self._lexicons.get(READ_AS.get(spoken, "")) or self._all
        numbers = lexicon.themes_in(folded(comment[:MAX_SEARCHED_CHARS]))
        return tuple(self._ids[number] for number in sorted(numbers))

    def with_found(self, themes: Collection[str], found: Collection[str]) -> tuple[str, ...]:
        """These themes and those that a model found, in the order of the themes; without what is no theme."""
        wanted = {*themes, *found}
        return tuple(each for each in self._ids if each in wanted)


class _Lexicon:
    """The stems of one language, or of all."""

    def __init__(self, stems: Iterable[tuple[int, str]]) -> None:
        claims: defaultdict[str, set[Claim]] = defaultdict(set)
        for theme, written in stems:
            stem = parse_stem(written)
            claims[stem.text].add(Claim(theme, stem.begins_word, stem.ends_word, stem.is_meant))
        self._claims: Mapping[str, tuple[Claim, ...]] = {text: tuple(each) for text, each in claims.items()}
        self._at_word_starts = _starts_of(claims)
        self._inside_words = _starts_of(
            [text for text, each in claims.items() if not all(claim.begins_word for claim in each)]
        )

    def themes_in(self, text: str) -> set[int]:
        """The numbers of the themes that a folded text names."""
        found = self._found_in(text)
        if not found:
            return set()
        excused = {
            (each.claim.theme, place)
            for each in found
            if not each.claim.is_meant
            for place in range(each.start, each.end)
        }
        meant = [
            each
            for each in found
            if each.claim.is_meant
            and not any((each.claim.theme, place) in excused for place in range(each.start, each.end))
        ]
        return _longest_wins(meant, len(text))

    def _found_in(self, text: str) -> list[FoundStem]:
        found: list[FoundStem] = []
        size = len(text)
        follows_letter = False
        for start, letter in enumerate(text):
            starts = self._inside_words if follows_letter else self._at_word_starts
            inside, follows_letter = follows_letter, letter.isalnum()
            lengths = starts.lengths.get(text[start : start + starts.chars])
            if lengths is None:
                continue
            for length in lengths:
                end = start + length
                claims = self._claims.get(text[start:end])
                if claims is None or end > size:
                    continue
                goes_on = end < size and text[end].isalnum()
                found += [
                    FoundStem(start, end, claim)
                    for claim in claims
                    if not (inside and claim.begins_word) and not (goes_on and claim.ends_word)
                ]
            if len(found) >= MAX_FOUND_STEMS:
                return found
        return found


class _Starts(NamedTuple):
    """The lengths of the stems that begin with the same letters."""

    chars: int
    """How many letters: no stem has fewer."""
    lengths: Mapping[str, tuple[int, ...]]


def _starts_of(texts: Collection[str]) -> _Starts:
    chars = min((START_CHARS, *map(len, texts)))
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for text in texts:
        lengths[text[:chars]].add(len(text))
    return _Starts(chars, {start: tuple(sorted(each)) for start, each in lengths.items()})


def _longest_wins(found: Sequence[FoundStem], size: int) -> set[int]:
    """The themes that are left where those that claim the same words by a longer stem win."""
    owners = [_NOBODY] * size
    themes: set[int] = set()
    by_length: defaultdict[int, list[FoundStem]] = defaultdict(list)
    for each in found:
        by_length[each.end - each.start].append(each)
    for length in sorted(by_length, reverse=True):
        winners = [
            each
            for each in by_length[length]
            if all(owner in {_NOBODY, each.claim.theme} for owner in owners[each.start : each.end])
        ]
        for each in winners:
            themes.add(each.claim.theme)
            for place in range(each.start, each.end):
                owner = owners[place]
                owners[place] = each.claim.theme if owner in {_NOBODY, each.claim.theme} else _SEVERAL
    return themes
