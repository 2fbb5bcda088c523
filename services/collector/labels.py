"""Words for the signs by which an answer is suspect."""

from services.collector.visits import EARLY
from shared.events.answers import MachineSign
from shared.values.messages import Message, message

SIGN_LABELS: dict[MachineSign, Message] = {
    "honeypot": message("A field that no person sees was filled in."),
    "agent": message("It came from a program that calls itself a mail scanner or a link preview."),
    "untouched": message(
        "The script of the page ran, and saw no key, pointer or scrolling before it was sent."
    ),
    "early": message(
        "It came less than %(n)s seconds after the mail server had taken the mail.",
        n=int(EARLY.total_seconds()),
    ),
    "fast": message("It came within a second or two after the page was opened."),
}
