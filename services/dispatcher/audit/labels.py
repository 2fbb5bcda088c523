"""The acts of the log, in words."""

from shared.pages.language import spoken
from shared.privacy.audit import AuditAct
from shared.values.messages import Message, message

ACT_LABELS: dict[AuditAct, Message] = {
    "address_shown": message("looked at the address of a customer"),
    "export": message("exported the data of a customer"),
    "export_link": message("made a link to the data of a customer"),
    "export_opened": message("opened the link to their data"),
    "erasure": message("asked to erase a customer"),
    "retention": message("changed how long data is kept"),
    "survey": message("changed a survey"),
    "sending": message("changed the sending"),
    "placeholder_ids": message("changed the ids that stand for nobody"),
    "suppression": message("listed addresses that get no mail"),
    "suppression_lifted": message("took an address off the list"),
    "person_invited": message("invited a colleague"),
    "person_changed": message("changed what a colleague may do and see"),
    "person_deactivated": message("ended the access of a colleague"),
    "person_activated": message("gave a colleague access again"),
}


def act_label(act: str) -> str:
    """What was done; a code that only a newer version knows stays as it is."""
    return next((spoken(label) for code, label in ACT_LABELS.items() if code == act), act)
