"""What a provider's request says of mails, before it is applied."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

import msgspec

from services.dispatcher.bounces.failures import ReportFinding
from shared.mail.references import MailReference

Event = TypeVar("Event")


class UnreadableEvent(Exception):
    """A request that has not the form that its provider documents; the message says what is missing."""


class Record(NamedTuple):
    """One finding about one mail."""

    finding: ReportFinding
    mail: MailReference | None
    """None: the request proves no mail of ours."""


def first_mail(
    read: Callable[[str], MailReference | None], texts: Iterable[str | None]
) -> MailReference | None:
    """The mail of the first text that is a reference of ours."""
    return next((mail for text in texts if text and (mail := read(text)) is not None), None)


def decode(decoder: msgspec.json.Decoder[Event], body: bytes | str) -> Event:
    """What a provider sends, in its form.

    :raises UnreadableEvent: when it has another one.
    """
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UnreadableEvent(str(error)) from error
