"""Labels, remedies and notices of the pages about surveys and sending."""

from typing import Any

from msgspec.structs import fields

from shared.events.surveys import MAX_PLACE, SurveyRules

FIELD_LABELS = {
    "name": "Name",
    "trigger": "Type of the events it asks about",
    "measurement": "What it measures",
    "delay": "Time between the event and the mail",
    "delay_unit": "Unit of that time",
    "quarantine_days": "Days before the same customer is asked again",
    "max_age_days": "Days after which an event is too old to ask about",
    "link_days": "Days for which the link in the mail can be answered",
    "position": "Place in the order",
    "default_language": "Language for customers of no other",
}
TEXT_LABELS = {
    "occasion": "What it is about, such as “your delivery”",
    "subject": "Subject of the mail",
    "intro": "Line before the question",
    "question": "The question",
    "reason": "The question for the reason",
    "follow_up.detractor": "Asked further after 0 to 6",
    "follow_up.passive": "Asked further after 7 or 8",
    "follow_up.promoter": "Asked further after 9 or 10",
    "thanks": "Thanks",
}
REMEDIES = {
    "name": "Give the survey a name of at most 200 characters.",
    "trigger": "Write one type of event without blanks, such as order.delivered; a * may end it.",
    "measurement": "Choose one purchase or contact, or the whole relation.",
    "delay": "Write a whole number, 0 or more; a year is the most.",
    "position": f"Write a whole number from 1 to {MAX_PLACE:,}, or leave it empty.",
    "default_language": "Write the short name of a language in small letters, such as en.",
}
"""What to write in each field; the API words it in its own terms."""
for _rule in fields(SurveyRules):
    if _rule.name.endswith("_days"):
        _bounds: Any = _rule.type.__metadata__[0]
        REMEDIES[_rule.name] = f"Write a whole number of days from {_bounds.ge} to {_bounds.le}."
DELAY_TOO_LONG = (
    "The mail would leave when the event is too old to ask about, so nobody would ever be asked. Write a "
    "shorter time here, or more days after which an event is too old."
)
SURVEY_CHANGED = (
    "Nothing was saved: somebody changed this survey, or how you send, since the page was drawn. "
    "Your words are still here; save again to keep yours."
)
NOTICES = {
    "saved": "Saved. What you changed holds from the next event on.",
    "made": "Saved. It asks nobody yet: start it when it is as it should be.",
    "started": "It asks from the next event on.",
    "paused": "Paused. It asks nobody from now on.",
    "test-addresses": "Saved: the test addresses.",
    "live": "You are live. Customers are asked from the next event on.",
    "test-mode": "Back in test mode. Only your test addresses get mail.",
    "stop": "All sending is stopped.",
    "resume": "Sending has started again.",
    "already": "It is so already; nothing was changed.",
}
"""What a page says after an act, by the ``did`` in its address."""
