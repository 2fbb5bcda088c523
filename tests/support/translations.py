"""What a page shows, and the packages whose texts are translated."""

from html.parser import HTMLParser

UNDER_WAY = ("services/dispatcher",)
"""Packages whose texts are not all marked and translated yet."""
SHOWN_ATTRIBUTES = {"title", "aria-label", "placeholder", "alt"}
CODE_ELEMENTS = {"script", "style", "code", "pre", "blockquote", "textarea", "bdi"}
"""They hold code, or what people have written."""


class ShownText(HTMLParser):
    """Collects the texts that a page shows, and its language."""

    def __init__(self, page: str = "") -> None:
        super().__init__()
        self.found: list[str] = []
        self.language = ""
        self._inside_code = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside_code += tag in CODE_ELEMENTS
        self.found += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]
        if tag == "html":
            self.language = dict(attrs).get("lang") or ""

    def handle_endtag(self, tag: str) -> None:
        self._inside_code -= tag in CODE_ELEMENTS

    def handle_data(self, data: str) -> None:
        if not self._inside_code:
            self.found.append(data)
