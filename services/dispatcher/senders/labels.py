"""The words of senders and their checks."""

from services.dispatcher.senders.domain import SenderState
from services.dispatcher.senders.findings import About, Verdict
from shared.pages.language import spoken
from shared.values.messages import Message, message

STATE_LABELS: dict[SenderState, Message] = {
    "used": message("in use"),
    "spare": message("ready, not in use"),
    "waiting": message("waits for its records"),
    "lost": message("its record is gone, so it is not used"),
}
ABOUT_LABELS: dict[About, Message] = {
    "dkim": message("Signature (DKIM)"),
    "dmarc": message("Policy (DMARC)"),
    "spf": message("Hosts that may send (SPF)"),
    "ptr": message("Names of the hosts (PTR)"),
    "tls": message("Encryption (TLS)"),
    "headers": message("Header of the mail"),
}
VERDICT_LABELS: dict[Verdict, Message] = {
    "good": message("In order"),
    "warning": message("Could be better"),
    "bad": message("To mend"),
    "unknown": message("Not known"),
}
NOTICES: dict[str, Message] = {
    "added": message("The sender is added. It is used once its records are seen."),
    "key": message("There is a new key. It signs once its record is seen; leave the old record where it is."),
    "removed": message("The sender is removed."),
    "checked": message("Looked again."),
}
NOT_OFFERED = message(
    "Whoever runs Afterword has not allowed them (DISPATCHER_COMPANY_SENDERS), so mails come from the "
    "address of the installation."
)


def notice(did: str) -> str:
    """What has just been done; empty for anything else."""
    return spoken(NOTICES.get(did, ""))
