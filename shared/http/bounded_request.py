"""A request whose JSON and forms are read within bounds, and in UTF-8 alone."""

import json
import re
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from shared.http.problems import Problem
from shared.http.text_safety import text_faults
from shared.http.validation_errors import FieldFault

FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_JSON_DEPTH = 64
MAX_FORM_PARTS = 10_000
"""Texts, brackets and commas of a JSON document."""
MAX_FORM_FIELDS = 1_000
_BOM = b"\xef\xbb\xbf"
# Possessive, so that nothing is tried twice; a text without its end takes all that is left.
_PARTS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def media_type(request: Request) -> str:
    """The content type without its parameters, in small letters; empty when there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def check_shape(document: bytes) -> None:
    """Refuse JSON for its nesting or its number of parts, before it is decoded. Costs linear time.

    :raises Problem: 400 or 413.
    """
    depth = 0
    for count, part in enumerate(_PARTS.finditer(document)):
        if count == MAX_FORM_PARTS:
            raise Problem(413, "This has too many parts.", "Send it in smaller ones.")
        match document[part.start()]:
            case 0x5B | 0x7B:  # [ {
                depth += 1
                if depth > MAX_JSON_DEPTH:
                    raise _unreadable(f"Nested deeper than {MAX_JSON_DEPTH} levels. Flatten it.")
            case 0x5D | 0x7D:  # ] }
                depth -= 1


class BoundedRequest(Request):
    """What handlers and the framework read from; the raw body stays as it is."""

    async def json(self) -> Any:
        """The body as JSON, every value of which can be kept.

        :raises Problem: 400, 413 or 415.
        :raises json.JSONDecodeError: saying where it is no JSON.
        """
        if not hasattr(self, "_decoded"):
            self._decoded = self._decode(await self.body())
        return self._decoded

    def _decode(self, body: bytes) -> Any:
        self._refuse_encoded()
        check_shape(body)
        try:
            found = json.loads(body.removeprefix(_BOM).decode())
        except json.JSONDecodeError:
            raise
        except UnicodeDecodeError:
            raise _unreadable("Not UTF-8. Send it in UTF-8.") from None
        except ValueError:
            raise _unreadable("A number has more digits than any that can be kept.") from None
        if faults := text_faults(found):
            raise Problem(400, errors=faults)
        return found

    async def form(self, **_limits: Any) -> FormData:  # type: ignore[override]
        """The body as a form; an empty body without a kind is an empty one.

        :raises Problem: 413 or 415.
        """
        kind, body = media_type(self), await self.body()
        if kind != FORM_MEDIA_TYPE and (kind or body):
            raise other_form()
        self._refuse_encoded()
        if body.count(b"&") >= MAX_FORM_FIELDS:
            raise Problem(413, "This form has too many fields.", f"It may have {MAX_FORM_FIELDS:,}.")
        return await super().form(max_fields=MAX_FORM_FIELDS)

    def _refuse_encoded(self) -> None:
        if self.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise Problem(415, detail="Send it without a Content-Encoding.")


def other_form() -> Problem:
    """The refusal of a form in another content type than ours."""
    return Problem(415, detail=f"Forms are read as “Content-Type: {FORM_MEDIA_TYPE}”.")


def _unreadable(detail: str) -> Problem:
    return Problem(400, errors=[FieldFault(field="/", detail=detail)])
