"""Which words tell two sets of comments apart. Pure.

The log-odds of each word with an informative Dirichlet prior: B. L. Monroe, M. P. Colaresi and K. M. Quinn,
"Fightin' words: lexical feature selection and evaluation for identifying the content of political conflict",
Political Analysis 16 (2008), 372-403. A word counts once in each comment. The prior is what both sets have in
common.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log, sqrt
from typing import NamedTuple

from services.scorer.themes.stems import MAX_STEM_CHARS, folded

MIN_COMMENTS = 200
"""On each side: with fewer no word is told."""
MIN_COMMENTS_CERTAIN = 400
"""On each side: from here on only words are told of which it is nearly certain."""
MIN_CUSTOMERS = 5
"""Who used a word: of fewer it is not told."""
TENTATIVE_Z = 1.96
CERTAIN_Z = 2.5
PRIOR_MASS = 500
"""How many words the prior is worth."""
MAX_WORDS = 12
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


class TellingWord(NamedTuple):
    """A word, or two that follow each other, that the first comments have more often than the others."""

    word: str
    here: int
    """Of the first comments, how many have it."""
    there: int
    z: float


def telling_words(here: Sequence[str], there: Sequence[str]) -> list[TellingWord]:
    """The words of the first comments, the most telling first; none of fewer than 200 comments on a side."""
    least = min(len(here), len(there))
    if least < MIN_COMMENTS:
        return []
    own, other = _word_counts(here), _word_counts(there)
    own_total, other_total = own.total(), other.total()
    threshold = CERTAIN_Z if least >= MIN_COMMENTS_CERTAIN else TENTATIVE_Z
    found = [
        TellingWord(word, n, other[word], log_odds_z(n, own_total, other[word], other_total))
        for word, n in own.items()
        if n >= MIN_CUSTOMERS and len(word) <= MAX_STEM_CHARS
    ]
    telling = [each for each in found if each.z >= threshold]
    return sorted(telling, key=lambda each: (-each.z, each.word))[:MAX_WORDS]


def log_odds_z(own: int, own_total: int, other: int, other_total: int) -> float:
    """By how many standard errors the log-odds of a word are higher in the first set.

    :param own: how often the first set has the word, of ``own_total`` words.
    """
    prior = PRIOR_MASS * (own + other) / (own_total + other_total)
    first, second = own + prior, other + prior
    odds = log(first / (own_total + PRIOR_MASS - first)) - log(second / (other_total + PRIOR_MASS - second))
    return odds / sqrt(1 / first + 1 / second)


def _word_counts(comments: Iterable[str]) -> Counter[str]:
    """In how many comments each word, and each pair of words, is."""
    counts: Counter[str] = Counter()
    for comment in comments:
        words = _WORD.findall(folded(comment))
        pairs = (f"{first} {second}" for first, second in pairwise(words))
        counts.update({*(word for word in words if len(word) > 1), *pairs})
    return counts
