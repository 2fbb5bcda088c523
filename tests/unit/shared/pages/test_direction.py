"""The direction of what others wrote is marked wherever it stands: a name in Arabic turns no sentence of ours."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import services
import shared.pages
from shared.pages.filters import isolated
from shared.pages.language import read_by
from shared.pages.renderer import Renderer

TEMPLATES = sorted(
    [
        *Path(services.__path__[0]).glob("*/templates/*.html"),
        *(Path(shared.pages.__file__).parent / "templates").glob("*.html"),
    ]
)
# What customers, clients and colleagues write: their words, and the names that they give.
WRITTEN = re.compile(
    r"^\s*(?:own\.\w+|(?:answer|one|case|before)\.(?:comment|follow_up\w*|text|owner|customer_id)|line(?:\.text)?"
    r"|(?:mover|row|person|staff)\.(?:name|address)|survey\.draft\.name|company|sender|elsewhere)\b"
)
MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
PLAIN = {"option", "title", "textarea"}
"""Elements that hold text alone; a textarea says its direction itself."""


def unmarked(source: str) -> list[str]:
    """Every such text of a template in an element that says nothing of its direction."""
    markup = MARK.sub(lambda found: " " * len(found[0]), source)
    found = []
    for shown in re.finditer(r"\{\{(.*?)\}\}", source, re.DOTALL):
        opened = markup.rfind("<", 0, shown.start())
        inside_tag = opened > markup.rfind(">", 0, shown.start())
        if inside_tag or not WRITTEN.search(shown[1]) or "isolated" in shown[1]:
            continue
        tag = re.match(r"<(\w+)", markup[opened:])
        if tag is not None and tag[1] in {"bdi", *PLAIN}:
            continue
        if not re.search(r"dir=|theirs\(\)|own\(\)", source[opened : shown.start()]):
            found.append(shown[0])
    return found


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_what_others_wrote_stands_under_a_direction_of_its_own(template: Path) -> None:
    assert unmarked(template.read_text()) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_whoever_writes_into_a_field_writes_in_their_direction(template: Path) -> None:
    fields = re.findall(r"<textarea\b[^>]*>", template.read_text())
    assert [one for one in fields if "dir=" not in one] == []


def test_the_walk_sees_what_is_not_marked() -> None:
    assert unmarked("<p>{{ answer.comment }}</p>") == ["{{ answer.comment }}"]
    assert (
        unmarked('<p dir="auto">{{ answer.comment }}</p><a href="{{ company }}"><bdi>{{ company }}</bdi></a>')
        == []
    )


@pytest.mark.parametrize(
    ("speak", "name", "shown"),
    [
        ("en", "Havnbo", "Havnbo"),
        ("en", "حفنبو", "<bdi>حفنبو</bdi>"),
        ("en", "A <b>& עוד", "<bdi>A &lt;b&gt;&amp; עוד</bdi>"),
        ("en", "Ærø & Søn", "Ærø &amp; Søn"),
        ("en", "\u202eevil", "<bdi>\u202eevil</bdi>"),
        ("en", "2026", "2026"),
    ],
)
def test_a_name_in_a_sentence_is_kept_apart_when_it_is_written_the_other_way(
    speak: str, name: str, shown: str
) -> None:
    texts = Renderer("shared", clock=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    with read_by(texts.reader(speak, "UTC")):
        assert isolated(name) == shown
