"""Words for chat channels."""

from services.alerts.chats.domain import (
    TEST_KIND,
    ChatFault,
    ChatKind,
    ChatMessageState,
    ChatOffReason,
    ChatTopic,
)
from shared.values.messages import Message, message

KIND_LABELS: dict[ChatKind, Message] = {
    "slack": message("Slack"),
    "teams": message("Microsoft Teams"),
}
TOPIC_LABELS: dict[ChatTopic, Message] = {
    "cases": message("New cases: score, touchpoint, due time and link"),
    "deadlines": message("Deadlines that were missed"),
    "incidents": message("Incidents: many cases of one segment at once, and scores that fall"),
    "weekly": message("The letter of Monday: score, change and overdue cases"),
}
SHORT_TOPIC_LABELS: dict[ChatTopic, Message] = {
    "cases": message("New cases"),
    "deadlines": message("Missed deadlines"),
    "incidents": message("Incidents"),
    "weekly": message("The letter of Monday"),
}
MESSAGE_LABELS: dict[str, Message] = {
    "case": message("Case"),
    "contact_escalation": message("Missed deadline"),
    "closing_escalation": message("Missed deadline"),
    "incident_began": message("Incident"),
    "incident_ended": message("End of an incident"),
    "segment_fall": message("A score has fallen"),
    "weekly": message("The letter of Monday"),
    TEST_KIND: message("Test"),
}
STATE_LABELS: dict[ChatMessageState, Message] = {
    "waiting": message("Waiting"),
    "sending": message("Being sent"),
    "sent": message("Sent"),
    "refused": message("Refused"),
    "dropped": message("Not needed any more"),
    "expired": message("Given up: it could not leave for a day"),
    "unknown": message("Unknown"),
}
FAULT_LABELS: dict[ChatFault, Message] = {
    "busy": message("The provider is busy. It is tried again."),
    "refused": message("The provider refused this message."),
    "gone": message("The channel or its address is no more."),
    "status": message("The provider had an error of its own, and may have posted it."),
    "timeout": message("The provider did not answer within 15 seconds, and may have posted it."),
    "connection": message("There was no connection. It is tried again."),
    "certificate": message("The certificate of the provider is not trusted, or is for another name."),
    "address": message("The address leads to a network that is not public."),
    "secret": message("The address can no longer be read here. Give it again."),
    "broken": message("The connection broke, and it may have been posted."),
}
OFF_LABELS: dict[ChatOffReason, Message] = {
    "person": message("A colleague switched it off."),
    "gone": message("Its provider answered that the channel or its address is no more."),
    "failing": message("For five days it took nothing that we sent."),
}
DELETED_TEAM = message("A team that was deleted: no case is told")
NO_CHANNEL = message("There is no such channel.")
DONE_LABELS: dict[str, Message] = {
    "saved": message("The changes are saved."),
    "on": message("The channel is on."),
    "off": message("The channel is off. Nothing new is kept for it."),
    "deleted": message("The channel is deleted."),
    "made": message("The channel is set up. Send a test message to see whether it arrives."),
    "test": message(
        "A test message is on its way. Load the page again in a moment to see what became of it."
    ),
}
