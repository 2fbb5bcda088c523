"""Entries of the suppression list: an address or a phone number by its keyed hash, a customer by the id."""

from typing import Literal, NamedTuple

from services.dispatcher.decisions.contacts import ContactKey
from shared.values.messages import message

SuppressionKind = Literal["address", "customer"]
"""``address``: of a mail address or a phone number, which the hash does not tell apart."""
SuppressionReason = Literal["unsubscribed", "complained", "erased", "listed", "bounced"]
"""Who unsubscribed, or reported a mail as spam; an address under which an erased customer came; what the
company has listed; an address that mails come back from. Of several reasons for an entry it has the first of
``complained``, ``unsubscribed``, ``erased``, ``listed`` and ``bounced``."""

SUPPRESSING: frozenset[SuppressionReason] = frozenset({"erased", "listed"})
"""The reasons that are neither the customer's own no nor the mailbox's."""
OWN_NO: frozenset[SuppressionReason] = frozenset({"unsubscribed", "complained"})
"""What the customer has said, and takes back."""
FIRM: frozenset[SuppressionReason] = OWN_NO | {"erased"}
"""The reasons of entries that only an administrator takes away, who writes why."""
BY_TEXT = "the customer, by text"
"""Under whose name a reply of STOP suppresses a number, and a reply of START takes that back. An entry that
the customer makes on a page as well is no longer in this name."""
BY_COUNTER_EVENT = "the counter-event"
"""Under whose name, with its type, a customer is listed whom the company's rules ask never again."""
THE_COMPANY = "the company"
"""Under whose name an entry is listed again when the customer has taken their own no back."""
NOT_SURE_NUMBER = message(
    "Is no phone number, or none of this country: it might be somebody else's. Write it with the code of its "
    "country, like +45 12 34 56 78, or give the country."
)
BAD_COUNTRY = message("Is no country that we know. Write its code, like DK.")


class SuppressionEntry(NamedTuple):
    """An entry that the list may hold."""

    kind: SuppressionKind
    key: str
    earlier: bool = False
    """The hash of a form that earlier versions stored. It matches no entry that was written since, because
    two domains of today may have had one such form."""


def entries_of(contact: ContactKey) -> list[SuppressionEntry]:
    """All entries that forbid to ask a contact.

    One of the address, or of the phone number, holds under every id, one of the id for every address.
    """
    entries = []
    if contact.address is not None:
        entries.append(SuppressionEntry("address", contact.address))
        entries += [SuppressionEntry("address", key, earlier=True) for key in contact.earlier]
    if contact.number is not None:
        entries.append(SuppressionEntry("address", contact.number))
    return [*entries, SuppressionEntry("customer", contact.customer_id)]
