"""Hints, which only help to write to a customer: kept where they are understood, else left out of the event.

Such values come from customers and their devices, so the client's developer has not seen them all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.intake.schemas import MAX_LABEL_LENGTH
from shared.values.messages import Message, message
from shared.values.phone import e164_number
from shared.values.places import country_of, locale_of, time_zone_of
from shared.values.text import normalized_text

_NO_TEXT = message("Is no text.")
_NO_PHONE = message("Is no phone number that we know. Write it like +45 12 34 56 78.")
_NO_LOCALE = message("Is no locale that we know. Write it like da or pt-BR.")
_NO_COUNTRY = message("Is no country that we know. Write two letters like DK.")
_NO_TIME_ZONE = message("Is no time zone that we know. Write it like Europe/Copenhagen.")


class HintWarning(NamedTuple):
    """A hint that is not kept as it was sent: its JSON pointer, and what would be understood."""

    field: str
    remedy: Message
    dropped: bool


@dataclass
class HintReader:
    """Reads the hints of one event, whose texts are in one form already, and collects the warnings."""

    spoilt: frozenset[str] = frozenset()
    """Pointers to texts in which U+FFFD stands for a character that cannot be kept."""
    warnings: list[HintWarning] = field(default_factory=list)

    def name(self, pointer: str, value: Any) -> str | None:
        """A person's name. One that is too long is cut, since most of a name is better than none."""
        text = self._text(pointer, value, _NO_TEXT)
        if text is None or len(text) <= MAX_LABEL_LENGTH:
            return text
        self.warnings.append(
            HintWarning(
                pointer, message("Was cut at %(most)s characters.", most=MAX_LABEL_LENGTH), dropped=False
            )
        )
        return normalized_text(text[:MAX_LABEL_LENGTH])

    def label(self, pointer: str, value: Any) -> str | None:
        """A code of the client's own, such as an employee's; a whole number is as good as a text."""
        text = self._text(pointer, _text_of_number(value), _NO_TEXT)
        if text is not None and len(text) > MAX_LABEL_LENGTH:
            self._drop(
                pointer,
                message("Has more than %(most)s characters. Send a short code.", most=MAX_LABEL_LENGTH),
            )
            return None
        return text

    def phone(self, pointer: str, value: Any, country: str | None) -> str | None:
        """A phone number, in E.164. A national form is read as a number of ``country``."""
        return self._understood(
            pointer, _text_of_number(value), lambda text: e164_number(text, country), _NO_PHONE
        )

    def locale(self, pointer: str, value: Any) -> str | None:
        """A locale."""
        return self._understood(pointer, value, locale_of, _NO_LOCALE)

    def country(self, pointer: str, value: Any) -> str | None:
        """A country."""
        return self._understood(pointer, value, country_of, _NO_COUNTRY)

    def time_zone(self, pointer: str, value: Any) -> str | None:
        """A time zone."""
        return self._understood(pointer, value, time_zone_of, _NO_TIME_ZONE)

    @property
    def dropped(self) -> tuple[str, ...]:
        """Pointers to what was left out."""
        return tuple(each.field for each in self.warnings if each.dropped) if self.warnings else ()

    def _understood(
        self, pointer: str, value: Any, understand: Callable[[str], str | None], remedy: Message
    ) -> str | None:
        text = self._text(pointer, value, remedy)
        if text is None:
            return None
        understood = understand(text)
        if understood is None:
            self._drop(pointer, remedy)
        return understood

    def _text(self, pointer: str, value: Any, remedy: Message) -> str | None:
        """A text; a blank one is as good as absent, so it causes no warning."""
        if value is None:
            return None
        if not isinstance(value, str):
            self._drop(pointer, remedy)
            return None
        if pointer in self.spoilt:
            broken = message("A character in it is none (NUL, or half of a pair): it was taken out.")
            value = normalized_text(value.replace("\ufffd", ""))
            self.warnings.append(HintWarning(pointer, broken, dropped=not value))
        return value or None

    def _drop(self, pointer: str, remedy: Message) -> None:
        self.warnings.append(HintWarning(pointer, remedy, dropped=True))


def _text_of_number(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
