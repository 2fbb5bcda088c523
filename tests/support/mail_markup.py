"""The HTML part of a mail as mail programs take it: its elements, and its colors in each of its dark modes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

VOID = {"meta", "br", "img", "hr", "input", "link"}
FOR_WORD = re.compile(r"<!--\[if (?:gte )?mso[^\]]*\]>(.*?)<!\[endif\]-->", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")

Colors = Mapping[str, Mapping[str, str]]
"""By class: the properties that a style sheet sets."""


def as_word_sees_it(html: str) -> str:
    """The same with what is written for Outlook on Windows alone, and without style sheets."""
    return FOR_WORD.sub(r"\1", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


def declarations(style: str) -> dict[str, str]:
    """The properties of a ``style`` attribute or of a rule."""
    pairs = (one.partition(":") for one in style.split(";") if one.strip())
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs}


@dataclass
class Element:
    """An element with what it contains."""

    tag: str
    attributes: dict[str, str]
    parent: Self | None = None
    children: list["Element | str"] = field(default_factory=list)

    @property
    def style(self) -> dict[str, str]:
        return declarations(self.attributes.get("style", ""))

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def elements(self) -> "Iterator[Element]":
        """Itself and all elements in it, in their order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.elements

    def all(self, tag: str) -> "list[Element]":
        return [one for one in self.elements if one.tag == tag]

    @property
    def text(self) -> str:
        words = (child if isinstance(child, str) else child.text for child in self.children)
        return " ".join("".join(words).split())

    @property
    def own_text(self) -> str:
        return "".join(child for child in self.children if isinstance(child, str)).strip()

    @property
    def is_hidden(self) -> bool:
        hidden = self.style.get("display") == "none" or self.tag in {"head", "style", "title"}
        return hidden or (self.parent is not None and self.parent.is_hidden)

    def color(self, name: str, sheet: Colors) -> str:
        """The color that holds here, inherited or, of a background, seen through to."""
        own = {**self.style, **{k: v for one in self.classes for k, v in sheet.get(one, {}).items()}}
        if name in own:
            return own[name]
        assert self.parent is not None, f"no {name}"
        return self.parent.color(name, sheet)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_endtag(self, tag: str) -> None:
        assert self.at.tag == tag, f"</{tag}> ends <{self.at.tag}>"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def read_markup(html: str) -> Element:
    """The document; fails where an element is not ended, or in another's place."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.at is reader.root, f"<{reader.at.tag}> is not ended"
    (document,) = (child for child in reader.root.children if isinstance(child, Element))
    return document


def dark_sheet(html: str) -> dict[str, dict[str, str]]:
    """What the style sheet for dark mode sets, by class."""
    block = html.partition("(prefers-color-scheme: dark) {")[2].partition("</style>")[0]
    return {selector.strip().removeprefix("."): declarations(body) for selector, body in _RULE.findall(block)}


def outlook_rules(html: str) -> list[tuple[str, str, dict[str, str]]]:
    """Attribute, class and properties of each selector for the dark mode of Outlook on the web."""
    found = []
    for selectors, body in _RULE.findall(html.rpartition("<style>")[2].partition("</style>")[0]):
        for selector in selectors.split(","):
            attribute, name = re.fullmatch(r"\s*\[(data-ogs[bc])\] ?\.([\w-]+)\s*", selector).groups()  # type: ignore[union-attr]
            found.append((attribute, name, declarations(body)))
    return found


def inverted(color: str) -> str:
    """The color as a program shows it that turns each into its opposite."""
    return f"#{0xFFFFFF - int(color.removeprefix('#'), 16):06x}"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colors (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
