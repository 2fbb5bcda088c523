"""The kinds of messages to chat channels: each with the function that checks it when it leaves."""

from collections.abc import Mapping

from services.alerts.chats.case_kinds import chat_of_case, chat_of_deadline
from services.alerts.chats.rendering import PrepareChat
from services.alerts.incidents.kinds import chat_of_begin, chat_of_end
from services.alerts.segment_alerts.notices import SEGMENT_FALL, chat_of_fall
from services.alerts.weekly.kinds import chat_of_letter

PREPARE_CHAT_BY_KIND: Mapping[str, PrepareChat] = {
    "case": chat_of_case,
    "contact_escalation": chat_of_deadline,
    "closing_escalation": chat_of_deadline,
    "incident_began": chat_of_begin,
    "incident_ended": chat_of_end,
    SEGMENT_FALL: chat_of_fall,
    "weekly": chat_of_letter,
}
