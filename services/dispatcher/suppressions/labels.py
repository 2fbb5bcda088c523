"""The list of those who are never asked, in words."""

from services.dispatcher.suppressions.domain import SuppressionReason
from shared.pages.language import counted, spoken
from shared.values.messages import Message, message

REASON_LABELS: dict[SuppressionReason, Message] = {
    "unsubscribed": message("has unsubscribed"),
    "complained": message("has reported a mail as spam"),
    "listed": message("was listed by the company"),
    "erased": message("was erased on request"),
    "bounced": message("mails come back"),
}
EXAMPLE = (
    "email,phone,customer_id,reason,since\nkim@example.com,,,unsubscribed,2026-03-02\n"
    ",+45 12 34 56 78,,unsubscribed,\n,,c-4711,listed,"
)
"""Three rows of a table."""
LIFTED = message("Taken from the list.")
LIFT_REFUSED = message(
    "Nothing was changed: only an administrator who writes why can take this back. The customer can, by the "
    "link in any mail."
)
GONE = message("This entry is not on the list any more.")


def reason_options() -> list[tuple[str, str]]:
    """The reasons that can be searched for, by their codes."""
    return [
        ("", spoken(message("any reason"))),
        *((code, spoken(label)) for code, label in REASON_LABELS.items()),
    ]


def taken_notice(added: int) -> str:
    """How many entries a table added."""
    words = counted(
        "Taken. %(num)s entry is new on the list.", "Taken. %(num)s entries are new on the list.", added
    )
    return words % {"num": added}
