"""Words for what one may choose to be told."""

from services.alerts.notices.choices import MailTime, PushTime
from services.alerts.notices.topics import NoticeTopic
from shared.values.messages import Message, message

TOPIC_LABELS: dict[NoticeTopic, tuple[Message, Message]] = {
    "cases": (
        message("Unhappy customers"),
        message("A new case that is for you, or a new answer to one that is open."),
    ),
    "deadlines": (message("Deadlines"), message("One that is near, and one that was missed.")),
    "incidents": (message("Incidents"), message("Something that hits many, and a segment that falls.")),
    "introductions": (
        message("Introductions"),
        message("A customer to ask for an introduction, and one who was not asked in time."),
    ),
    "weekly": (message("The Monday letter"), message("What the week before was like.")),
}
"""Each topic, and what it is."""
TOPIC_SENTENCES: dict[NoticeTopic, Message] = {
    "cases": message("unhappy customers"),
    "deadlines": message("deadlines"),
    "incidents": message("incidents"),
    "introductions": message("introductions"),
    "weekly": message("the week"),
}
"""Within a sentence."""
MAIL_TIMES: dict[MailTime, Message] = {
    "at_once": message("at once"),
    "digest": message("in the daily digest"),
    "never": message("never"),
}
PUSH_TIMES: dict[PushTime, Message] = {"at_once": message("at once"), "never": message("never")}
CONFIRMATIONS = {
    "saved": message("Saved."),
    "on": message("This browser shows you what you are told."),
    "off": message("That browser shows nothing any more."),
    "test": message("A test is on its way."),
}
