"""Language tags (BCP 47) in the form in which they are compared: lower case, with hyphens."""

import re
from collections.abc import Iterator

MAX_TAG_LENGTH = 35
NORWEGIAN = ("no", "nn")
"""Norwegian without its written form, and Nynorsk: their readers read Bokmål (``nb``)."""
_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,6}")


def language_tag(text: str) -> str | None:
    """The tag in its canonical form: ``pt-br`` for ``pt_BR``. None when this cannot be a tag."""
    tag = text.strip().replace("_", "-").lower()
    return tag if len(tag) <= MAX_TAG_LENGTH and _TAG.fullmatch(tag) else None


def widening(tag: str) -> Iterator[str]:
    """The tag, then the wider ones: ``zh-hant-tw``, ``zh-hant``, ``zh`` (RFC 4647, 3.4).

    After a Norwegian tag comes ``nb``.
    """
    tag = tag.replace("_", "-").lower()
    while tag:
        yield tag
        if tag in NORWEGIAN:
            yield "nb"
        tag = tag.rpartition("-")[0]
