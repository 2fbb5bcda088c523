"""Words for webhooks."""

from services.alerts.webhooks.domain import TEST, Fault, MessageState, MessageType
from shared.values.messages import Message, message

TYPE_LABELS: dict[MessageType, Message] = {
    "answer.changed": message("Answers: each as it comes, is added to or changed"),
    "case.changed": message("Cases: each time something happens to one"),
    "score.changed": message("Scores: of each segment as it changes"),
    "decision.made": message(
        "Decisions: about each event, whether its customer is asked, and why not; "
        "from some seconds after you save"
    ),
    "erasure.done": message("Erasures: when all services have erased a customer"),
}
SHORT_TYPE_LABELS: dict[str, Message] = {
    "answer.changed": message("Answer"),
    "case.changed": message("Case"),
    "score.changed": message("Score"),
    "decision.made": message("Decision"),
    "erasure.done": message("Erasure"),
    TEST: message("Test"),
}
STATE_LABELS: dict[MessageState, Message] = {
    "waiting": message("Waiting"),
    "sent": message("Sent"),
    "failed": message("Given up"),
    "dropped": message("Erased"),
}
FAULT_LABELS: dict[Fault, Message] = {
    "status": message("It was answered with another status than 2xx."),
    "gone": message("It was answered with another status than 2xx."),
    "timeout": message("The endpoint did not answer within 15 seconds."),
    "connection": message("There was no connection. Check the name and whether the endpoint runs."),
    "certificate": message("The certificate of the endpoint is not trusted, or is for another name."),
    "address": message("The address leads to a network that is not public."),
    "secret": message("The secret can no longer be read here. Make a new one."),
}
NO_WEBHOOK = message("There is no such webhook.")
NO_MESSAGE = message("This message waits already, was erased, or there is none of this id.")
DONE_LABELS: dict[str, Message] = {
    "saved": message("The changes are saved."),
    "pause": message("The webhook is paused. Messages wait until it goes on."),
    "resume": message("The webhook is on."),
    "deleted": message("The webhook is deleted."),
    "test": message(
        "A test message is on its way. Load the page again in a moment to see what became of it."
    ),
    "replay": message("It is sent again, behind all that waits."),
    "nothing": message("Nothing was sent in that time that could be sent again."),
}
