"""What only helps to write to a customer: kept where it is understood, else left out; the event is taken.

Such values come from customers and their devices, so the client's developer has not seen them all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.trigger.places import country_of, locale_of, time_zone_of
from shared.values.phone import dialled
from shared.values.text import one_form

MAX_HINT_LENGTH = 200


class HintWarning(NamedTuple):
    """Something that was sent and not kept as it was: its JSON pointer, and what would be understood."""

    field: str
    remedy: str
    dropped: bool


@dataclass
class HintReader:
    """Reads the hints of one event and remembers what it could not use. Texts come in one form already."""

    spoilt: frozenset[str] = frozenset()
    """Pointers to texts in which U+FFFD stands for what was no character."""
    warned: list[HintWarning] = field(default_factory=list)

    def name(self, pointer: str, value: Any) -> str | None:
        """A person's name: too long a one is cut, since most of a name is better than none."""
        text = self._text(pointer, value, "Is no text.")
        if text is None or len(text) <= MAX_HINT_LENGTH:
            return text
        self.warned.append(HintWarning(pointer, f"Was cut at {MAX_HINT_LENGTH} characters.", dropped=False))
        return one_form(text[:MAX_HINT_LENGTH])

    def label(self, pointer: str, value: Any) -> str | None:
        """A code of the client's own, such as an employee's: a whole number is as good as a text."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        text = self._text(pointer, value, "Is no text.")
        if text is not None and len(text) > MAX_HINT_LENGTH:
            self._drop(pointer, f"Has more than {MAX_HINT_LENGTH} characters. Send a short code.")
            return None
        return text

    def phone(self, pointer: str, value: Any, country: str | None) -> str | None:
        """A phone number, in E.164. ``country`` is whose it is where it is written in national form."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        remedy = "Is no phone number that we know. Write it like +45 12 34 56 78."
        return self._understood(pointer, value, lambda text: dialled(text, country), remedy)

    def locale(self, pointer: str, value: Any) -> str | None:
        """A locale."""
        return self._understood(
            pointer, value, locale_of, "Is no locale that we know. Write it like da or pt-BR."
        )

    def country(self, pointer: str, value: Any) -> str | None:
        """A country."""
        return self._understood(
            pointer, value, country_of, "Is no country that we know. Write two letters like DK."
        )

    def time_zone(self, pointer: str, value: Any) -> str | None:
        """A time zone."""
        remedy = "Is no time zone that we know. Write it like Europe/Copenhagen."
        return self._understood(pointer, value, time_zone_of, remedy)

    def _understood(
        self, pointer: str, value: Any, understand: Callable[[str], str | None], remedy: str
    ) -> str | None:
        text = self._text(pointer, value, remedy)
        if text is None:
            return None
        understood = understand(text)
        if understood is None:
            self._drop(pointer, remedy)
        return understood

    def _text(self, pointer: str, value: Any, remedy: str) -> str | None:
        """A text; a blank one says nothing, and so costs no warning."""
        if value is None:
            return None
        if not isinstance(value, str):
            self._drop(pointer, remedy)
            return None
        if pointer in self.spoilt:
            broken = "A character in it is none (NUL, or half of a pair): it was taken out."
            value = one_form(value.replace("\ufffd", ""))
            self.warned.append(HintWarning(pointer, broken, dropped=not value))
        return value or None

    def _drop(self, pointer: str, remedy: str) -> None:
        self.warned.append(HintWarning(pointer, remedy, dropped=True))

    @property
    def dropped(self) -> tuple[str, ...]:
        """Pointers to what was left out."""
        return tuple(each.field for each in self.warned if each.dropped)
