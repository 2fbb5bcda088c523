"""Texts of users have their own direction everywhere: a name in Arabic does not reverse a sentence of ours."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import services
import shared.pages
from shared.pages.filters import isolated
from shared.pages.language import rendering_for
from shared.pages.renderer import Renderer

TEMPLATES = sorted(
    [
        *Path(services.__path__[0]).glob("*/templates/*.html"),
        *(Path(shared.pages.__file__).parent / "templates").glob("*.html"),
    ]
)
# Texts and names that customers, companies and staff have written.
TEXTS_OF_USERS = re.compile(
    r"^\s*(?:own\.\w+|(?:answer|one|case|before)\.(?:comment|follow_up\w*|text|owner|customer_id)|line(?:\.text)?(?![.\w])"
    r"|(?:mover|row|person|staff)\.(?:name|address)|survey\.draft\.name|company|sender|elsewhere)\b"
)
TAG_OF_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
TEXT_ELEMENTS = {"option", "title", "textarea"}
"""Elements that hold only text; a textarea has its own direction."""


def unmarked(source: str) -> list[str]:
    """Every such text of a template in an element without a direction."""
    markup = TAG_OF_JINJA.sub(lambda found: " " * len(found[0]), source)
    found = []
    for shown in re.finditer(r"\{\{(.*?)\}\}", source, re.DOTALL):
        opened = markup.rfind("<", 0, shown.start())
        inside_tag = opened > markup.rfind(">", 0, shown.start())
        if inside_tag or not TEXTS_OF_USERS.search(shown[1]) or "isolated" in shown[1]:
            continue
        tag = re.match(r"<(\w+)", markup[opened:])
        if tag is not None and tag[1] in {"bdi", *TEXT_ELEMENTS}:
            continue
        if not re.search(r"dir=|theirs\(\)|own\(\)", source[opened : shown.start()]):
            found.append(shown[0])
    return found


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_texts_of_users_have_a_direction_of_their_own(template: Path) -> None:
    assert unmarked(template.read_text()) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_a_text_field_has_the_direction_of_what_is_typed(template: Path) -> None:
    fields = re.findall(r"<textarea\b[^>]*>", template.read_text())
    assert [one for one in fields if "dir=" not in one] == []


def test_a_text_without_a_direction_is_found() -> None:
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
def test_a_name_in_the_other_direction_is_isolated_from_its_sentence(
    speak: str, name: str, shown: str
) -> None:
    texts = Renderer("shared", clock=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    with rendering_for(texts.reader(speak, "UTC")):
        assert isolated(name) == shown
