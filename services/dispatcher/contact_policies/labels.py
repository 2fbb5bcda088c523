"""Labels, remedies and notices of the page about when and how often customers may be written to."""

from services.dispatcher.typed_times import HOUR_UNIT_LABELS
from shared.events.contact_policies import MAX_CAP_HOURS, MAX_FEWER_MONTHS, MAX_RELATIONAL_DISTANCE_DAYS
from shared.pages.language import spoken
from shared.values.messages import Count, message

FIELD_LABELS = {
    "quiet_from": message("No mail from"),
    "quiet_to": message("Mail again from"),
    "sms_quiet_from": message("No text messages from"),
    "sms_quiet_to": message("Text messages again from"),
    "sundays": message("On Sundays"),
    "holidays": message("On public holidays"),
    "sms_sundays": message("Text messages on Sundays"),
    "sms_holidays": message("Text messages on public holidays"),
    "cap": message("Least time between two mails to one customer"),
    "cap_unit": message("Unit of that time"),
    "relational_distance": message("Days between a survey about one event and one about the whole relation"),
    "open_case": message("While a case of the customer is open"),
    "shared_ids": message("Several addresses under one customer id"),
    "fewer_months": message("Months between two questions to a customer who wants fewer"),
}
MAIL_LEAVES = {"yes": message("Mail leaves as on any day"), "no": message("Mail waits for the next day")}
TEXTS_LEAVE = {"yes": message("Texts leave as on any day"), "no": message("Texts wait for the next day")}
WHOSE_ADDRESSES = {
    "no": message("They are one person, who is asked once"),
    "yes": message("Each is a person of its own"),
}
ASKED_MEANWHILE = {"no": message("They are not asked"), "yes": message("They are asked all the same")}
CHOICES = {
    "sundays": MAIL_LEAVES,
    "holidays": MAIL_LEAVES,
    "sms_sundays": TEXTS_LEAVE,
    "sms_holidays": TEXTS_LEAVE,
    "cap_unit": HOUR_UNIT_LABELS,
    "open_case": ASKED_MEANWHILE,
    "shared_ids": WHOSE_ADDRESSES,
}
"""What may be chosen in a field, in words."""
WRONG_TIME = message("Write a time of day such as 21:00, or leave both times empty.")
SAME_TIME = message("Mail would wait for ever. Write another time than the first, or leave both empty.")
REMEDIES = {
    "quiet_from": WRONG_TIME,
    "quiet_to": WRONG_TIME,
    "sms_quiet_from": WRONG_TIME,
    "sms_quiet_to": WRONG_TIME,
    "sundays": message("Choose whether mail may leave on Sundays."),
    "holidays": message("Choose whether mail may leave on public holidays."),
    "sms_sundays": message("Choose whether texts may leave on Sundays."),
    "sms_holidays": message("Choose whether texts may leave on public holidays."),
    "cap": message(
        "Write a whole number, 0 or more; %(most)s hours are the most.", most=Count(MAX_CAP_HOURS)
    ),
    "relational_distance": message(
        "Write a whole number of days from %(least)s to %(most)s.",
        least=0,
        most=MAX_RELATIONAL_DISTANCE_DAYS,
    ),
    "open_case": message("Choose whether somebody whose case is open is asked."),
    "shared_ids": message("Choose whose the addresses are that come under one customer id."),
    "fewer_months": message(
        "Write a whole number of months from %(least)s to %(most)s.", least=0, most=MAX_FEWER_MONTHS
    ),
}
NOT_SAVED = message("Nothing was saved.")
STALE_FORM = message(
    "Nothing was saved: somebody changed these rules since the page was drawn. What you typed is still here; "
    "save again to keep it."
)
_NOTICES = {
    "saved": message("Saved. It holds at once, also for mails that wait."),
    "recommended": message("The recommended rules are filled in below. Nothing is saved yet."),
}


def notice(did: str) -> str:
    """What the page says after an act, by the ``did`` in its address; nothing for an unknown one."""
    return spoken(_NOTICES.get(did, ""))
