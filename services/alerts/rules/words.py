"""Which words of a rule a customer has written."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from shared.events import Answer

MAX_WORDS_KEPT = 1_000
"""Words in memory whose pattern was made."""


def found_words(words: Sequence[str], answer: Answer) -> Iterator[str]:
    """Those of the words that begin somewhere in what was written, without regard to capitals."""
    if not words:
        return
    written = [answer.comment, answer.follow_up, *(reply.text for reply in answer.replies)]
    text = "\n".join(" ".join(each.casefold().split()) for each in written if each)
    for word in words:
        if _pattern(word).search(text):
            yield word


@lru_cache(maxsize=MAX_WORDS_KEPT)
def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)" + re.escape(" ".join(word.casefold().split())))
