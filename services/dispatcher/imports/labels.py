"""Files that are imported, in words."""

from collections.abc import Mapping

from services.dispatcher.imports.cells import DateOrder, Decimal
from services.dispatcher.imports.domain import State
from services.dispatcher.imports.fields import FIELDS, PREFIX_LABELS, PREFIXES, Kind
from shared.pages.language import spoken
from shared.values.messages import Message, message

STATE_LABELS: Mapping[State, Message] = {
    "uploaded": message("Waits for its columns"),
    "running": message("Is being taken"),
    "done": message("Taken"),
    "stopped": message("Stopped"),
    "expired": message("Never begun, deleted"),
}
DATE_LABELS: Mapping[DateOrder, Message] = {
    "ymd": message("2026-12-31, year first"),
    "dmy": message("31/12/2026, day first"),
    "mdy": message("12/31/2026, month first"),
}
DECIMAL_LABELS: Mapping[Decimal, Message] = {"point": message("1,234.50"), "comma": message("1.234,50")}
DONE_LABELS = {
    "stopped": message("Stopped. What was taken before stays taken."),
    "began": message("It has begun. You may leave this page."),
}
LEFT_OUT_COLUMN = message("is left out")
CHOOSE_ORDER = message("Choose: the file leaves it open")
NEEDS_ORDER = message("Say whether the day or the month comes first.")
NO_FILE = message("Choose a file, or paste a table.")


def date_options(*, unclear: bool) -> list[tuple[str, str]]:
    """How days may be written; of a file that leaves it open, none of them is chosen."""
    orders = [(each, spoken(label)) for each, label in DATE_LABELS.items()]
    return [("", spoken(CHOOSE_ORDER)), *orders] if unclear else [*orders]


def column_options(kind: Kind) -> list[tuple[str, str]]:
    """What a column can be."""
    return [
        ("", spoken(LEFT_OUT_COLUMN)),
        *((field.name, spoken(field.label)) for field in FIELDS[kind]),
        *((prefix, spoken(PREFIX_LABELS[prefix])) for prefix in PREFIXES[kind]),
    ]
