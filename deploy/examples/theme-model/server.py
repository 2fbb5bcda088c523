"""An example of a model that labels comments: the standard library alone, nothing is downloaded or kept.

    THEME_MODEL_TOKEN=a-long-random-text python server.py --host 127.0.0.1 --port 8080

It answers the protocol of services/scorer/themes/README.md. A word of a comment names a theme
where it is written nearly like one of the theme's words, so it finds what is misspelt: "delivrey". Put
a model of your own in the place of ``themes_of``.
"""

import argparse
import hmac
import json
import math
import os
import re
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from typing import Any

VERSION = 1
MAX_BODY_BYTES = 4_000_000
ALIKE = 0.6
"""From this cosine on two words are alike."""
MIN_LETTERS = 5
"""Shorter words are like too many others."""
WORD = re.compile(r"[^\W\d_]+")


def grams(word: str) -> "Counter[str]":
    """The pairs and triples of letters of a word; its beginning counts as a letter."""
    marked = f"^{word}"
    return Counter(marked[at : at + n] for n in (2, 3) for at in range(len(marked) - n + 1))


def cosine(one: "Counter[str]", other: "Counter[str]") -> float:
    """How alike two counts are: 0 to 1."""
    both = sum(n * other[gram] for gram, n in one.items())
    return both / math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))


def words_of(theme: dict[str, Any], language: str | None) -> set[str]:
    """The words of a theme in a language, or in all: without those in which it is not meant.

    A word of a phrase, such as "never" of "never called", names nothing by itself.
    """
    by_language = theme["words"]
    stems = by_language.get((language or "").partition("-")[0]) or chain.from_iterable(by_language.values())
    found = [WORD.findall(stem.lower()) for stem in stems if not stem.startswith("-")]
    return {words[0] for words in found if len(words) == 1}


def themes_of(comment: dict[str, Any], themes: list[dict[str, Any]]) -> list[str]:
    """The ids of the themes that a comment names."""
    said = [grams(word) for word in WORD.findall(comment["text"].lower()) if len(word) >= MIN_LETTERS]
    return [
        theme["id"]
        for theme in themes
        if any(
            cosine(each, grams(word)) >= ALIKE
            for word in words_of(theme, comment["language"])
            if len(word) >= MIN_LETTERS
            for each in said
        )
    ]


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    token = os.environ.get("THEME_MODEL_TOKEN", "")

    def do_POST(self) -> None:
        given = self.headers.get("Authorization", "")
        if self.token and not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            self.answer(401, {"error": "the token is wrong"})
            return
        size = int(self.headers.get("Content-Length", "0"))
        if size > MAX_BODY_BYTES:
            self.answer(413, {"error": "too many bytes"})
            return
        try:
            request = json.loads(self.rfile.read(size))
            if request["version"] != VERSION:
                self.answer(400, {"error": f"this model speaks version {VERSION}"})
                return
            labels = [
                {"id": comment["id"], "themes": themes_of(comment, request["themes"])}
                for comment in request["comments"]
            ]
        except (ValueError, LookupError, TypeError, AttributeError):
            self.answer(400, {"error": "this is not a request of the protocol"})
            return
        self.answer(200, {"version": VERSION, "labels": labels})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        """Send an answer."""
        written = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, *_: Any) -> None:
        """Nothing: a log would have who asked when, and comments are nobody's to read."""


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="A model that labels comments.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8080)
    chosen = options.parse_args()
    ThreadingHTTPServer((chosen.host, chosen.port), Handler).serve_forever()
