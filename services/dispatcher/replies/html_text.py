"""The text of a mail that is HTML alone; quoted mails are left out.

It is parsed by Lexbor, as browsers do, within seconds whatever it is: the parser of the standard library
takes minutes for some texts of a few hundred kilobytes.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

_SKIPPED = frozenset({"head", "script", "style", "title", "template", "noscript"})
_BLOCKS = frozenset(
    {"p", "div", "tr", "table", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
)
_LINE_BREAKS = frozenset({"br", "hr"})
_QUOTE_MARKS = re.compile(
    r"\b(gmail_quote|gmail_attr|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra)\b"
    r"|^mail-editor-reference-message-container$"
)
"""Classes and ids by which mail programs mark what they quote."""
_QUOTE_BEGINS = frozenset({"divRplyFwdMsg", "x_divRplyFwdMsg", "appendonsend"})
"""Ids by which Outlook marks where the quoted mail begins, which stands behind the mark and not in it."""
_BLANK_LINES = re.compile(r"\n[ \t]*(\n[ \t]*)+")
_BLANKS = re.compile(r"[ \t\r\f\v\n\xa0]+")


def text_of_html(html: str) -> str:
    """What a reader sees of it, in lines."""
    body = LexborHTMLParser(html).body
    written = "".join(_written(body)) if body is not None else ""
    lines = (line.strip() for line in written.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _written(body: LexborNode) -> Iterator[str]:
    """The texts in the order of the document, and the ends of lines between them.

    Without recursion: elements may be nested as deeply as the mail is long.
    """
    node = body.child
    while node is not None:
        tag, given = str(node.tag), node.attributes if node.is_element_node else {}
        if given.get("id") in _QUOTE_BEGINS:
            return
        if tag in _LINE_BREAKS or tag in _BLOCKS:
            yield "\n"
        if node.is_text_node:
            yield _BLANKS.sub(" ", node.text_content or "")
        below = None if tag in _SKIPPED or _is_quoted(tag, given) else node.child
        while below is None and node is not None and node.mem_id != body.mem_id:
            if node.tag in _BLOCKS:
                yield "\n\n" if node.tag == "p" else "\n"
            below, node = node.next, node.parent
        node = below


def _is_quoted(tag: str, given: dict[str, str | None]) -> bool:
    marks = (given.get("class") or "", given.get("id") or "")
    is_cited = tag == "blockquote" and (given.get("type") or "").lower() == "cite"
    return is_cited or any(map(_QUOTE_MARKS.search, marks))
