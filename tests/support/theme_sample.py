"""Sentences of the demo's reviews by their ids, and the ones that are drawn to be labelled by reading."""

from collections.abc import Mapping, Sequence
from functools import cache
from random import Random

import pytest

from deploy.demo import data
from deploy.demo.sentences import (
    MAX_SENTENCE_CHARS,
    MIN_SENTENCE_CHARS,
    SENTIMENT_BY_SCORES,
    Sentence,
    parse_sentences,
)

SEED = "themes"
UNHAPPY_SCORES, OTHER_SCORES = range(7), range(7, 11)
TUNED, FRESH = (200, 100), (67, 33)
"""How many sentences of scores 0 to 6, and of 7 to 10, are in the first sample and in the second one."""


@cache
def all_sentences() -> Mapping[str, Sentence]:
    """Those that the demo may write, by id; the test is skipped where they cannot be fetched."""
    try:
        data.fetch(lambda _: None)
    except data.FetchError as error:
        pytest.skip(f"the sentences of reviews cannot be fetched: {error}")
    lines = data.SENTENCES_FILE.read_text(encoding="latin-1").split("\n")
    lines = [line for line in lines if line.strip()]
    ids = [line.partition("\t")[0] for line in lines]
    return {
        key: sentence
        for key, sentence in zip(ids, parse_sentences(lines), strict=True)
        if MIN_SENTENCE_CHARS <= len(sentence.text) <= MAX_SENTENCE_CHARS
    }


def drawn_samples() -> tuple[list[str], list[str]]:
    """The ids of the first sample and of the second one: no sentence is in both."""
    first: list[str] = []
    second: list[str] = []
    for scores, n, more in zip((UNHAPPY_SCORES, OTHER_SCORES), TUNED, FRESH, strict=True):
        drawn = Random(SEED).sample(_ids_of(scores), n + more)
        first += drawn[:n]
        second += drawn[n:]
    return first, second


def _ids_of(scores: Sequence[int]) -> list[str]:
    """In order, of the sentences that the demo takes for one of these scores."""
    bounds = [bounds for known, bounds in SENTIMENT_BY_SCORES.items() if not set(known).isdisjoint(scores)]
    return sorted(
        key
        for key, sentence in all_sentences().items()
        if any(low <= sentence.sentiment < high for low, high in bounds)
    )
