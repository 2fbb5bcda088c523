"""What the script of companies' own pages weighs, and what it must not do in them."""

import gzip
import re
from pathlib import Path

import services.collector

SCRIPT = Path(services.collector.__file__).parent / "static" / "in-page.js"
MOST_BYTES = 10_000
MOST_PACKED_BYTES = 4_500
FORBIDDEN = (
    *("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style"),
    *("cookie =", "localStorage", "sessionStorage", "indexedDB", "sendBeacon", "import("),
)
"""What a strict policy of a page refuses, and what would keep or send something elsewhere."""


def test_it_is_under_10_kb_and_under_4500_bytes_packed() -> None:
    content = SCRIPT.read_bytes()
    assert len(content) < MOST_BYTES
    assert len(gzip.compress(content, mtime=0)) < MOST_PACKED_BYTES


def test_it_needs_nothing_that_a_strict_policy_refuses_and_keeps_nothing() -> None:
    text = SCRIPT.read_text()
    assert [word for word in FORBIDDEN if word in text] == []


def test_it_names_no_host_but_the_one_that_it_came_from() -> None:
    text = SCRIPT.read_text()
    assert re.findall(r"https?:|//[a-z]", text) == []
    assert text.count("fetch(") == text.count("fetch(origin + path") == 1
    assert "const { origin } = new URL(import.meta.url);" in text
