"""What a provider's report changes of an invitation, in whatever order and however often they come. Pure."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from services.dispatcher.invitations.states import STATES_AFTER_SENDING
from services.dispatcher.sms.messages import TextReport
from shared.events import Invitation

UNDELIVERED = "the network could not deliver it"
MAX_CODE_CHARS = 40


def message_of(reference: str) -> tuple[UUID, int] | None:
    """The invitation and the number of the message that a reference names; None: it is none of ours."""
    id_, _, number = reference.partition("/")
    try:
        found = UUID(id_)
    except ValueError:
        return None
    if str(found) != id_ or not number.isascii() or not number.isdecimal() or len(number) > 1:
        return None
    return found, int(number)


def reported(invitation: Invitation, report: TextReport, n: int, at: datetime) -> Invitation | None:
    """The invitation with what the report says; None: it says nothing new.

    A text that was delivered stays so, whatever an older report says later, and was sent, whether we know it
    yet or not. Where the first one could not be delivered its customer was not asked: the invitation is
    ``bounced``.

    :param n: which message the report is about, 1 is the first.
    """
    if invitation.erased or invitation.report == "delivered":
        return None
    code = "".join(each for each in report.code if each.isascii() and each.isprintable())[:MAX_CODE_CHARS]
    state, reason, sent_at = invitation.state, invitation.reason, invitation.sent_at
    if report.state == "undeliverable" and n == 1 and state in STATES_AFTER_SENDING:
        state, reason = "bounced", f"{UNDELIVERED} ({code})" if code else UNDELIVERED
    elif report.state == "delivered" and (state == "bounced" or state in STATES_AFTER_SENDING):
        state, reason, sent_at = "sent", None, sent_at or at
    if (state, report.state) == (invitation.state, invitation.report):
        return None
    return replace(
        invitation,
        version=invitation.version + 1,
        state=state,
        reason=reason,
        sent_at=sent_at,
        report=report.state,
        report_code=code or None,
        reported_at=at,
    )
