"""Delivery status notifications (RFC 3464, and RFC 6533 for addresses outside ASCII)."""

import re
from email import message_from_string
from email.message import Message

from services.dispatcher.bounces.failures import ReportFinding, judge_failure, worst

DELIVERY_STATUS = "message/delivery-status"
GLOBAL_DELIVERY_STATUS = "message/global-delivery-status"
_BETWEEN_BLOCKS = re.compile(r"\r?\n[ \t]*\r?\n")


def read_delivery_status(part: Message) -> ReportFinding | None:
    """The worst of what is said of any recipient: our mails have one. None: it names none.

    :param part: of one of the two types above.
    """
    return worst([_judge(block) for block in _blocks(part) if _is_recipient(block)])


def _blocks(part: Message) -> list[Message]:
    """The blocks of fields; the parser knows those of the older type alone, and takes the first of the other
    for the head of a mail.
    """
    payload = part.get_payload()
    blocks = [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []
    if part.get_content_type() == DELIVERY_STATUS or not blocks:
        return blocks
    rest = blocks[0].get_payload()
    texts = _BETWEEN_BLOCKS.split(rest.strip()) if isinstance(rest, str) else []
    return [*blocks, *(message_from_string(text) for text in texts)]


def _is_recipient(block: Message) -> bool:
    """Whether a block of fields is about a recipient; the first one is about the message."""
    return any(block.get(name) is not None for name in ("Final-Recipient", "Original-Recipient", "Action"))


def _judge(block: Message) -> ReportFinding:
    action = _first_word(str(block.get("Action", "")))
    status = _first_word(str(block.get("Status", "")))
    # The text goes on over several lines; "smtp;" or "X-Postfix;" stands before it.
    _, _, said = str(block.get("Diagnostic-Code", "")).partition(";")
    return judge_failure(action, status, " ".join(said.split()))


def _first_word(value: str) -> str:
    """Without the comment that some servers write behind it."""
    return next(iter(value.split()), "")
