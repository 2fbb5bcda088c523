"""A request whose JSON and forms are UTF-8 and within bounds."""

import json
import re
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from shared.http.body_text import BOM
from shared.http.media_types import media_type_of
from shared.http.problems import Problem
from shared.http.text_safety import text_faults
from shared.http.validation_errors import FieldFault
from shared.values.messages import Count, Message, message

FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_JSON_DEPTH = 64
MAX_JSON_PARTS = 10_000
"""Texts, brackets and commas of a JSON document."""
MAX_FORM_FIELDS = 1_000
# Possessive, so that nothing is tried twice; a text without a closing quote matches to the end of the
# document.
_JSON_PARTS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def check_json_size(document: bytes) -> None:
    """Refuse JSON that is nested too deep or has too many parts, before it is decoded. Takes linear time.

    :raises Problem: 400 or 413.
    """
    depth = 0
    for count, part in enumerate(_JSON_PARTS.finditer(document)):
        if count == MAX_JSON_PARTS:
            raise Problem(413, message("This has too many parts."), message("Send it in smaller ones."))
        match document[part.start()]:
            case 0x5B | 0x7B:  # [ {
                depth += 1
                if depth > MAX_JSON_DEPTH:
                    raise _unreadable(
                        message("Nested deeper than %(most)s levels. Flatten it.", most=MAX_JSON_DEPTH)
                    )
            case 0x5D | 0x7D:  # ] }
                depth -= 1


class BoundedRequest(Request):
    """The request that handlers and the framework get; the raw body stays available."""

    async def json(self) -> Any:
        """The body as JSON. PostgreSQL can store each of its values.

        :raises Problem: 400, 413 or 415.
        :raises json.JSONDecodeError: with the place where it is not JSON.
        """
        if not hasattr(self, "_decoded"):
            self._decoded = self._decode(await self.body())
        return self._decoded

    def _decode(self, body: bytes) -> Any:
        self._refuse_encoded()
        check_json_size(body)
        try:
            decoded = json.loads(body.removeprefix(BOM).decode())
        except json.JSONDecodeError:
            raise
        except UnicodeDecodeError:
            raise _unreadable(message("Not UTF-8. Send it in UTF-8.")) from None
        except ValueError:
            raise _unreadable(message("A number has more digits than any that can be kept.")) from None
        if faults := text_faults(decoded):
            raise Problem(400, errors=faults)
        return decoded

    async def form(self, **_limits: Any) -> FormData:  # type: ignore[override]
        """The body as a form; an empty body without a content type is an empty form.

        :raises Problem: 413 or 415.
        """
        kind, body = media_type_of(self), await self.body()
        if kind != FORM_MEDIA_TYPE and (kind or body):
            raise wrong_form_type()
        self._refuse_encoded()
        if body.count(b"&") >= MAX_FORM_FIELDS:
            raise Problem(
                413,
                message("This form has too many fields."),
                message("It may have %(most)s.", most=Count(MAX_FORM_FIELDS)),
            )
        return await super().form(max_fields=MAX_FORM_FIELDS)

    def _refuse_encoded(self) -> None:
        if self.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise Problem(415, detail=message("Send it without a Content-Encoding."))


def wrong_form_type() -> Problem:
    """The refusal of a form that is not URL-encoded."""
    return Problem(415, detail=message("Forms are read as “Content-Type: %(type)s”.", type=FORM_MEDIA_TYPE))


def _unreadable(detail: Message) -> Problem:
    return Problem(400, errors=[FieldFault(field="/", detail=detail)])
