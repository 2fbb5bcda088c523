"""Labels, remedies and notices of the pages about surveys and sending."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import fields

from services.dispatcher.typed_times import HOUR_UNIT_LABELS, HOUR_UNITS, MINUTE_UNIT_LABELS
from shared.events.surveys import (
    AFTER_DAYS,
    EVERY_DAYS,
    MARGIN_POINTS,
    MAX_EDIT_HOURS,
    MAX_FIRST_DAY_PER_HOUR,
    MAX_PLACE,
    MAX_REMINDERS,
    WINDOW_DAYS,
    QuarantineScope,
    SurveyRules,
    SurveyState,
)
from shared.pages.language import spoken
from shared.values.messages import Count, Message, message

FIELD_LABELS = {
    "name": message("Name"),
    "trigger": message("Type of the events it asks about"),
    "measurement": message("What it measures"),
    "delay": message("Time between the event and the mail"),
    "delay_unit": message("Unit of that time"),
    "holding": message("Holding time after the event"),
    "holding_unit": message("Unit of the holding time"),
    "quarantine_days": message("Days before the same customer is asked again"),
    "quarantine_scope": message("Earlier questions that count"),
    "touchpoint": message("Touchpoint"),
    "programme": message("Days in which it asks each known customer once"),
    "recovery_days": message("Days after a case until it asks again"),
    "max_age_days": message("Days after which an event is too old to ask about"),
    "link_days": message("Days for which the link in the mail can be answered"),
    "position": message("Place in the order"),
    "sampling_percent": message("Percent of the customers it asks"),
    "adaptive_dimension": message("Segments of which fewer are asked"),
    "adaptive_margin": message("Margin that each of them is to reach"),
    "adaptive_window_days": message("Days within which the answers give it"),
    "anonymous": message("Whose the answers are"),
    "neutral": message("Its words"),
    "incentive": message("Reward for an answer"),
    "reminder_1": message("Days until the first reminder"),
    "reminder_2": message("Days until the second reminder"),
    "stop_after_click": message("Who has opened the link"),
    "first_day_per_hour": message("Mails an hour on its first day"),
    "sender_name": message("Name that the mails come from"),
    "reply_to": message("Address for replies"),
    "layout": message("How the numbers stand"),
    "edit": message("Time in which an answer may be changed"),
    "edit_unit": message("Unit of that time"),
    "channels": message("How it asks"),
    "default_language": message("Language for customers of no other"),
}
TEXT_LABELS = {
    "occasion": message("What it is about, such as “your delivery”"),
    "subject": message("Subject of the mail"),
    "sms": message("Sentence of the text message"),
    "intro": message("Line before the question"),
    "question": message("The question"),
    "reason": message("The question for the reason"),
    "follow_up.detractor": message("Asked further after 0 to 6"),
    "follow_up.passive": message("Asked further after 7 or 8"),
    "follow_up.promoter": message("Asked further after 9 or 10"),
    "thanks": message("Thanks"),
}
MEASUREMENT_LABELS = {
    "transactional": message("One purchase or contact"),
    "relational": message("The whole relation"),
    "recovery": message("How it is after a case"),
}
LAYOUT_LABELS = {
    "horizontal": message("In a row, 0 first"),
    "vertical": message("In a column, 10 on top"),
}
STANDARD_SCOPE = message(
    "as usual: of any survey; about the relation or after a case, of the same measurement"
)
CHANNELS_LABELS = {
    "mail": message("By mail"),
    "sms": message("By text message"),
    "mail,sms": message("By mail, to whom that does not reach by text message"),
    "sms,mail": message("By text message, to whom that does not reach by mail"),
    "mail,link": message("By mail, and by links in channels of your own"),
    "sms,link": message("By text message, and by links in channels of your own"),
    "mail,sms,link": message("By mail, else by text message, and by links in channels of your own"),
    "sms,mail,link": message("By text message, else by mail, and by links in channels of your own"),
    "link": message("By links in channels of your own alone"),
}
SCOPE_LABELS: dict[QuarantineScope, Message] = {
    "any": message("of any survey"),
    "measurement": message("of the same measurement"),
    "touchpoint": message("about the same touchpoint"),
    "survey": message("of this survey"),
}
CHOICES: Mapping[str, Mapping[str, Message]] = {
    "measurement": MEASUREMENT_LABELS,
    "channels": CHANNELS_LABELS,
    "delay_unit": MINUTE_UNIT_LABELS,
    "holding_unit": MINUTE_UNIT_LABELS,
    "quarantine_scope": {str(scope): label for scope, label in SCOPE_LABELS.items()},
    "anonymous": {
        "no": message("Kept with the customer"),
        "yes": message("Anonymous: kept without the customer"),
    },
    "neutral": {
        "no": message("May praise and promote"),
        "yes": message("Neutral: no links, praise, offers or rewards"),
    },
    "incentive": {"no": message("None"), "yes": message("Answers are rewarded")},
    "stop_after_click": {"no": message("Is reminded all the same"), "yes": message("Is reminded no more")},
    "layout": LAYOUT_LABELS,
    "edit_unit": HOUR_UNIT_LABELS,
}
"""What may be chosen in a field, in words."""
REMEDIES = {
    "name": message("Give the survey a name of at most 200 characters."),
    "trigger": message(
        "Write one type of event without blanks, such as order.delivered; a * may end it. A "
        "survey about the whole relation may have none, and one that asks again after cases has none."
    ),
    "measurement": message("Choose one purchase or contact, the whole relation, or how it is after a case."),
    "delay": message("Write a whole number, 0 or more; a year is the most."),
    "holding": message("Write a whole number, 0 or more; seven days are the most."),
    "quarantine_scope": message("Choose which earlier questions count."),
    "position": message("Write a whole number from 1 to %(most)s, or leave it empty.", most=Count(MAX_PLACE)),
    "sampling_percent": message("Write a whole number from 1 to 100."),
    "anonymous": message("Choose whether answers are kept with the customer. After a case they are."),
    "first_day_per_hour": message(
        "Write a whole number from 0 to %(most)s; 0 is no limit.", most=Count(MAX_FIRST_DAY_PER_HOUR)
    ),
    "edit": message(
        "Write a whole number, 0 or more; %(most)s days are the most.",
        most=MAX_EDIT_HOURS // HOUR_UNITS["days"],
    ),
    "reply_to": message("Write an address such as name@example.com, or leave it empty."),
    "layout": message("Choose a row or a column."),
    "channels": message("Choose by which channel it asks."),
    "neutral": message("Choose whether its words are neutral."),
    "default_language": message("Write the short name of a language in small letters, such as en."),
}
"""What to write in each field; the API words it in its own terms."""
for _rule in fields(SurveyRules):
    if _rule.name.endswith("_days"):
        _bounds: Any = _rule.type.__metadata__[0]
        REMEDIES[_rule.name] = message(
            "Write a whole number of days from %(least)s to %(most)s.", least=_bounds.ge, most=_bounds.le
        )
for _number in range(1, MAX_REMINDERS + 1):
    REMEDIES[f"reminder_{_number}"] = message(
        "Write a whole number of days from %(least)s to %(most)s, or leave it empty.",
        least=AFTER_DAYS.ge,
        most=AFTER_DAYS.le,
    )
REMEDIES["programme"] = message(
    "Write a whole number of days from %(least)s to %(most)s, or leave it empty.",
    least=EVERY_DAYS.ge,
    most=EVERY_DAYS.le,
)
REMEDIES["adaptive_margin"] = message(
    "Write whole points from %(least)s to %(most)s, or leave it empty.",
    least=MARGIN_POINTS.ge,
    most=MARGIN_POINTS.le,
)
REMEDIES["adaptive_window_days"] = message(
    "Write a whole number of days from %(least)s to %(most)s.", least=WINDOW_DAYS.ge, most=WINDOW_DAYS.le
)
DELAY_TOO_LONG = message(
    "The mail would leave when the event is too old to ask about, so nobody would ever be asked. Write a "
    "shorter time here, or more days after which an event is too old."
)
NOT_LISTED = message("Is none of your test addresses. List it among them first, on the page of all surveys.")
OWN_LABEL = message("My own address")
NOT_KNOWN_NOW = message("Your own address could not be looked up just now. Try again in a minute.")
SURVEY_CHANGED = message(
    "Nothing was saved: somebody changed this survey, or how you send, since the page was drawn. "
    "Your words are still here; save again to keep yours."
)
NO_LANGUAGE = message("Write a language as BCP 47 does, such as pl, pt-BR or zh-Hant.")
MADE_ALREADY = message(
    "Nothing was saved: a survey was made of this form already, with other words or rules. Save again to "
    "make another one."
)
STATE_LABELS: dict[SurveyState, Message] = {
    "draft": message("Draft"),
    "rehearsal": message("Rehearses"),
    "live": message("Live"),
    "paused": message("Paused"),
}
_NOTICES = {
    "saved": message("Saved. What you changed holds from the next event on."),
    "made": message("Saved. It asks nobody yet: rehearse it or start it when it is as it should be."),
    "started": message("It asks from the next event on."),
    "paused": message("Paused. It asks nobody from now on."),
    "rehearses": message("It rehearses from the next event on, and sends nothing."),
    "rehearsed": message("The rehearsal has ended. The survey is a draft again."),
    "test-addresses": message("Saved: the test addresses."),
    "live": message("You are live. Customers are asked from the next event on."),
    "test-mode": message("Back in test mode. Only your test addresses get mail."),
    "stop": message("All sending is stopped."),
    "resume": message("Sending has started again."),
    "moved": message("Moved."),
    "copied": message("Copied. It asks nobody yet: change what is to be different, and start it."),
    "order-changed": message("Nothing was moved: somebody changed this survey, or how you send, meanwhile."),
    "test-sent": message("A test is on its way. It arrives within a minute, unless no mail leaves now."),
    "already": message("It is so already; nothing was changed."),
}


def notice(did: str) -> str:
    """What a page says after an act, by the ``did`` in its address; nothing for an unknown one."""
    return spoken(_NOTICES.get(did, ""))
