"""Why an event did not meet a survey's conditions, with what it had in the fields that were compared."""

from services.dispatcher.decisions.values import Considered
from shared.conditions.event_fields import EventFields
from shared.conditions.labels import comparison_sentence, value_label
from shared.events import Transaction
from shared.events.conditions import ATTRIBUTE_FIELD
from shared.pages.language import translated

MAX_VALUE_CHARS = 200
"""Of a text that an event had."""


def failure_lines(one: Considered, facts: Transaction, *, is_kept: bool, sees_names: bool) -> list[str]:
    """One line for each comparison that did not hold.

    :param is_kept: whether the event's own values are still kept.
    :param sees_names: whether the reader may see who a customer is, which an attribute may tell.
    """
    fields = EventFields(facts)
    lines = []
    for failed in one.failed:
        shown = sees_names or not failed.field.startswith(ATTRIBUTE_FIELD)
        sentence = comparison_sentence(failed.field, failed.op, failed.value)
        if not is_kept:
            words = translated("“%(comparison)s” did not hold; what it was is not kept any more.")
        elif not shown:
            words = translated("“%(comparison)s” did not hold.")
        elif (had := _had(failed.field, facts, fields)) is None:
            words = translated("“%(comparison)s” did not hold: the event does not have it.")
        else:
            words = translated("“%(comparison)s” did not hold: it was %(value)s.")
            lines.append(words % {"comparison": sentence, "value": had})
            continue
        lines.append(words % {"comparison": sentence})
    return lines


def _had(field: str, facts: Transaction, fields: EventFields) -> str | None:
    """What the event had in a field, in words; None: nothing."""
    value = fields.value(field)
    if value is None:
        return None
    if isinstance(value, tuple):
        return value_label("/".join(facts.organisation))
    if isinstance(value, list):
        return translated("a list")
    return value_label(value[:MAX_VALUE_CHARS] if isinstance(value, str) else value)
