"""What a page shows."""

import re
from html.parser import HTMLParser

SHOWN_ATTRIBUTES = {"title", "aria-label", "placeholder", "alt"}
CODE_ELEMENTS = {"script", "style", "code", "pre", "blockquote", "textarea", "bdi"}
"""They hold code, or what people have written."""
VOID_ELEMENTS = {"input", "img", "br", "hr", "meta", "link"}
ENGLISH = re.compile(r"\b(the|and|you|your|are|this|please|thank)\b", re.IGNORECASE)
"""Words that English sentences have, and those of our other eight languages do not."""


class ShownText(HTMLParser):
    """Collects the texts that a page shows in its language, and that language."""

    def __init__(self, page: str = "") -> None:
        super().__init__()
        self.found: list[str] = []
        self.language = ""
        self._inside_code = 0
        self._foreign: list[str] = []
        """The open elements from the outermost one on that is in another language."""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside_code += tag in CODE_ELEMENTS
        own = dict(attrs).get("lang")
        if tag == "html":
            self.language = own or ""
        is_foreign = bool(self._foreign) or own not in {None, "", self.language}
        if is_foreign and tag not in VOID_ELEMENTS:
            self._foreign.append(tag)
        if not is_foreign:
            self.found += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._inside_code -= tag in CODE_ELEMENTS
        if self._foreign and self._foreign[-1] == tag:
            self._foreign.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside_code and not self._foreign:
            self.found.append(data)


def english_on(page: str, language: str) -> list[str]:
    """The texts of a page that are English; fails when the page is not in the language."""
    shown = ShownText(page)
    assert shown.language == language
    return [text.strip() for text in shown.found if ENGLISH.search(text)]
