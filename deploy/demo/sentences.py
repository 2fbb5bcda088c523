"""Real sentences of reviews, each with the mean sentiment that at least twenty readers gave it (-4 to 4)."""

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import NamedTuple

MIN_SENTENCE_CHARS, MAX_SENTENCE_CHARS = 25, 220

# The mean sentiments of the comments to these scores; the upper bound is exclusive.
SENTIMENT_BY_SCORES: dict[range, tuple[float, float]] = {
    range(4): (-4.0, -1.2),
    range(4, 7): (-1.8, -0.4),
    range(7, 9): (-0.3, 1.4),
    range(9, 11): (1.4, 4.1),
}


class Sentence(NamedTuple):
    sentiment: float
    text: str


class Sentences:
    def __init__(self, sentences: Iterable[Sentence]) -> None:
        kept = [
            sentence
            for sentence in sentences
            if MIN_SENTENCE_CHARS <= len(sentence.text) <= MAX_SENTENCE_CHARS
        ]
        self._by_score = {
            score: [sentence.text for sentence in kept if low <= sentence.sentiment < high]
            for scores, (low, high) in SENTIMENT_BY_SCORES.items()
            for score in scores
        }

    def pick(self, score: int, random: Random) -> str:
        """A sentence whose sentiment fits the score."""
        return random.choice(self._by_score[score])


def read_sentences(path: Path) -> Sentences:
    with path.open(encoding="latin-1", newline="") as lines:
        return Sentences(parse_sentences(lines))


def parse_sentences(lines: Iterable[str]) -> list[Sentence]:
    """The sentences of tab-separated lines: an id, the mean sentiment, the text; quotation marks are text."""
    rows = (line.rstrip("\r\n").split("\t") for line in lines)
    return [Sentence(float(sentiment), text.strip()) for _, sentiment, text in rows]
