"""The words of answers, and those that somebody searches for: both are made here, so that they meet.

Upper and lower case and accents make no difference. A word of three letters finds those that begin with it.
"""

import re
import unicodedata

MAX_SEARCH_CHARS = 200
"""Of what somebody searches for."""
MAX_WORD_CHARS = 50
"""Of a longer word only the beginning counts."""
MAX_WORDS = 500
"""Of one answer."""
MAX_SEARCHED_WORDS = 10
MIN_PREFIX_CHARS = 3
"""A shorter word is only found whole: too many words begin with it."""
_WORD = re.compile(r"[^\W_]+")


def words_of(*texts: str | None) -> list[str]:
    """The words of these texts, each once, in order; no more than ``MAX_WORDS``."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _WORD.findall(_plain(text or "")):
            found[word[:MAX_WORD_CHARS]] = None
            if len(found) == MAX_WORDS:
                return list(found)
    return list(found)


def indexed(tenant: str, *texts: str | None) -> str:
    """The words of these texts as PostgreSQL's ``tsvector``, with the company that they are of."""
    return " ".join(_quoted(one) for one in (_company(tenant), *words_of(*texts)))


def search_query(tenant: str, text: str) -> str | None:
    """What finds the answers with all these words, as ``tsquery``; None: the text has no word."""
    words = words_of(text)[:MAX_SEARCHED_WORDS]
    if not words:
        return None
    wanted = (f"{_quoted(one)}{':*' if len(one) >= MIN_PREFIX_CHARS else ''}" for one in words)
    return " & ".join((_quoted(_company(tenant)), *wanted))


def _company(tenant: str) -> str:
    """No word: it has a sign in it that no word has."""
    return f"@{tenant}"


def _quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if unicodedata.category(one) != "Mn")
