"""Counter-events in the form."""

from typing import Any

from services.dispatcher.contact_policies.form_rows import FormRows, Typed
from services.dispatcher.typed_times import HOUR_UNIT_LABELS, HOUR_UNITS, typed_time
from shared.events import CounterEvent
from shared.events.contact_policies import MAX_COUNTER_EVENTS, MAX_HOLD_HOURS
from shared.values.messages import Count, message

FOR_GOOD = "for_good"
"""What is chosen as the effect of an event after which nobody of its customer is asked ever again."""


def _typed(rule: CounterEvent | None) -> Typed:
    hours = rule.hold_hours if rule is not None else None
    unit = "hours" if hours is not None and hours % HOUR_UNITS["days"] else "days"
    return {
        "type": rule.event_type if rule is not None else "",
        "effect": "cancel" if rule is None else FOR_GOOD if rule.for_good else rule.effect,
        "scope": rule.scope if rule is not None else "order",
        "hold": "" if hours is None else str(hours // HOUR_UNITS[unit]),
        "hold_unit": unit,
    }


def _body(typed: Typed) -> dict[str, Any]:
    body: dict[str, Any] = {
        "event_type": typed["type"],
        "effect": "cancel" if typed["effect"] == FOR_GOOD else typed["effect"],
        "scope": typed["scope"],
    }
    if typed["effect"] == FOR_GOOD:
        body["for_good"] = True
    if typed["hold"]:
        body["hold_hours"] = typed_time(typed, "hold", HOUR_UNITS)
    return body


COUNTER_ROWS = FormRows[CounterEvent](
    prefix="counter",
    labels={
        "type": message("Type of the event"),
        "effect": message("What it does"),
        "scope": message("To which mails"),
        "hold": message("For how long, where they wait"),
        "hold_unit": message("Unit of that time"),
    },
    choices={
        "effect": {
            "cancel": message("Cancels them"),
            "hold": message("Lets them wait"),
            FOR_GOOD: message("Cancels them, and asks the customer never again"),
        },
        "scope": {"order": message("About the same order"), "customer": message("All to the customer")},
        "hold_unit": HOUR_UNIT_LABELS,
    },
    remedies={
        "type": message("Write one type of event without blanks, such as refund.created; a * may end it."),
        "effect": message("Choose what it does."),
        "scope": message("Choose to which mails."),
        "hold": message(
            "Write a whole number, 1 or more; %(most)s days are the most. What is cancelled has none. What "
            "asks the customer never again must be about all mails to the customer.",
            most=Count(MAX_HOLD_HOURS // HOUR_UNITS["days"]),
        ),
        "hold_unit": message("Choose hours or days."),
    },
    in_summary=lambda number, part: message("Counter-event %(number)s, %(field)s", number=number, field=part),
    parts={"event_type": "type", "effect": "effect", "scope": "scope", "hold_hours": "hold"},
    key="type",
    whole="hold",
    most=MAX_COUNTER_EVENTS,
    typed_of=_typed,
    body_of=_body,
)
