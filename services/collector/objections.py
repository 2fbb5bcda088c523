"""The form by which a customer says that it is not solved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from services.collector.forms import HONEYPOT, TOUCHED, cleaned

ObjectionFault = Literal["words", "nonce", "suspect"]
_CLOSING = re.compile(r"[0-9T:.+-]{20,32}")


@dataclass(frozen=True, slots=True)
class ObjectionForm:
    """The posted form; nothing that was typed is lost."""

    words: str = ""
    closing: str = ""
    """The closing that the page showed."""
    nonce: str = ""
    language: str = ""
    trapped: bool = False
    touched: bool | None = None
    is_timed: bool = False


def read_objection(form: Mapping[str, Any]) -> ObjectionForm:
    """Read a posted form; an unknown field, or a value that the page cannot post, is ignored."""

    def text(name: str) -> str:
        return cleaned(form.get(name))

    return ObjectionForm(
        words=text("words"),
        closing=text("closing") if _CLOSING.fullmatch(text("closing")) else "",
        nonce=text("nonce"),
        language=text("language"),
        trapped=bool(text(HONEYPOT)),
        touched=TOUCHED.get(text("touched")),
        is_timed=isinstance(form.get("touched"), str),
    )
