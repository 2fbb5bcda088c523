"""The values of a survey's placeholders, in the reader's language."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from shared.events import SurveyTexts
from shared.events.placeholders import fill, own_occasion
from shared.events.surveys import Measurement
from shared.pages.filters import day
from shared.pages.language import translated


def values_of(
    texts: SurveyTexts,
    *,
    company: str,
    measurement: Measurement,
    event_type: str,
    occurred_at: datetime | None,
    touchpoint: str | None,
) -> dict[str, str]:
    """The value of each placeholder, for the current reader (``language.rendering_for``).

    An unknown fact has a phrase that fits its place: the occasion for the touchpoint, “one of the last days”
    for the day.
    """
    values = {
        "company": company,
        "day": day(occurred_at) if occurred_at else translated("one of the last days"),
    }
    standard = known_occasion(event_type, measurement) or translated("your contact with us")
    place = (touchpoint or "").replace("_", " ").strip()
    own = fill(own_occasion(texts) or "", {**values, "touchpoint": place or standard}).strip()
    values["occasion"] = own or standard
    values["touchpoint"] = place or values["occasion"]
    return values


def known_occasion(event_type: str, measurement: Measurement) -> str | None:
    """The customer's words for an event of this type, such as “your delivery”; None when there are none.

    The last known word of the type decides: ``order.delivered`` is a delivery, ``order.lost`` an order. Only
    a transactional survey has a single event.
    """
    if measurement != "transactional":
        return None
    for word in reversed(re.findall(r"[a-z]+", event_type.lower())):
        if word in _OCCASIONS:
            return _OCCASIONS[word]()
    return None


def _of(occasion: Callable[[], str], *words: str) -> Mapping[str, Callable[[], str]]:
    return dict.fromkeys(words, occasion)


# Each text in a call of its own, so that the extraction of messages finds it.
_OCCASIONS: Mapping[str, Callable[[], str]] = {
    **_of(lambda: translated("your delivery"), "delivery", "deliveries", "delivered", "shipment", "parcel"),
    **_of(lambda: translated("your return"), "return", "returns", "returned"),
    **_of(lambda: translated("your order"), "order", "orders", "ordered"),
    **_of(lambda: translated("your purchase"), "purchase", "purchases", "purchased", "sale", "checkout"),
    **_of(lambda: translated("your visit"), "visit", "visits", "visited"),
    **_of(lambda: translated("your stay"), "stay", "stays", "checkedout"),
    **_of(lambda: translated("your repair"), "repair", "repairs", "repaired"),
    **_of(lambda: translated("your installation"), "installation", "installations", "installed"),
    **_of(lambda: translated("your call"), "call", "calls", "phonecall"),
    **_of(lambda: translated("your chat"), "chat", "chats"),
    **_of(lambda: translated("your enquiry"), "support", "ticket", "tickets", "case", "enquiry", "inquiry"),
}
