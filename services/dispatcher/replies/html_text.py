"""The text of a mail that is HTML alone, by the standard library's parser; quoted mails are left out."""

import re
from html.parser import HTMLParser

_SKIPPED = frozenset({"head", "script", "style", "title", "template"})
_BLOCKS = frozenset(
    {"p", "div", "tr", "table", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
)
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "area", "base", "col", "source"})
_QUOTE_MARKS = re.compile(
    r"\b(gmail_quote|gmail_attr|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra)\b"
    r"|^(divRplyFwdMsg|appendonsend|x_divRplyFwdMsg|mail-editor-reference-message-container)$"
)
"""Classes and ids by which mail programs mark what they quote."""
_BLANK_LINES = re.compile(r"\n[ \t]*(\n[ \t]*)+")
_BLANKS = re.compile(r"[ \t\r\f\v\xa0]+")
MAX_DEPTH = 500


class _TextParser(HTMLParser):
    """Gathers the text, and how deep it is in what is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        """The open elements, each with whether it and all in it is left out."""
        self._ended = False
        """Whether a mark has said that all that follows is quoted."""

    @property
    def _is_left_out(self) -> bool:
        return self._ended or bool(self._open and self._open[-1][1])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if given.get("id") in {"divRplyFwdMsg", "x_divRplyFwdMsg", "appendonsend"}:
            self._ended = True  # Outlook: the quoted mail stands behind the mark, not in it
        marked = any(_QUOTE_MARKS.search(given.get(name, "")) for name in ("class", "id"))
        cited = tag == "blockquote" and given.get("type", "").lower() == "cite"
        if tag in _VOID:
            if tag in {"br", "hr"} and not self._is_left_out:
                self.parts.append("\n")
            return
        if tag in _BLOCKS and not self._is_left_out:
            self.parts.append("\n")
        if len(self._open) < MAX_DEPTH:
            self._open.append((tag, self._is_left_out or tag in _SKIPPED or marked or cited))

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]
        if tag in _BLOCKS and not self._is_left_out:
            self.parts.append("\n\n" if tag == "p" else "\n")

    def handle_data(self, data: str) -> None:
        if not self._is_left_out:
            self.parts.append(_BLANKS.sub(" ", data.replace("\n", " ")))


def text_of_html(html: str) -> str:
    """What a reader sees of it, in lines."""
    parser = _TextParser()
    parser.feed(html)
    parser.close()
    lines = (line.strip() for line in "".join(parser.parts).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()
