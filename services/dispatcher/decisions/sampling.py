"""The draw of those whom a survey asks that asks only some."""

from uuid import UUID

import msgspec

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.scopes import segments_asked_about, stored_segment
from shared.events import Invitation, Transaction
from shared.events.segments import segment_of
from shared.events.surveys import AdaptiveSampling, DrawsBy
from shared.secrets import derive, keyed_digest

ALL_PERCENT = 100
_PLACE_BITS = 64


class SegmentShare(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a segment's contacts a survey with adaptive sampling asks, and why so many."""

    segment: str
    percent: int
    margin: int
    """Points of the NPS that the answers are to reach."""
    answers: int
    """In the window, when the share was computed."""


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a survey asks a contact, as far as it asks only some."""

    drawn: bool = True
    percent: int | None = None
    """Of how many percent of the contacts; None: there was no draw."""
    share: SegmentShare | None = None
    """What the percent comes from, where it is less than the survey's own."""
    beyond: bool = False
    """Not drawn by the share, and asked nevertheless: the contact's last answer was a detractor's."""

    @property
    def asks(self) -> bool:
        """Whether the contact may be asked."""
        return self.drawn or self.beyond


NO_DRAW = Draw()
"""Of whoever is asked without one."""


def sampling_key(secret: str) -> bytes:
    """The key of all draws: without it nobody can tell beforehand who is drawn."""
    return derive(secret, "sampling")


def is_sampled(
    key: bytes, contact: ContactKey, survey_id: UUID, percent: int, draws_by: DrawsBy = "address"
) -> bool:
    """Whether a survey that asks so many percent asks this contact.

    The same contact is always drawn alike for one survey, and independently for another one. A higher percent
    draws everybody whom a lower one does.

    :param draws_by: ``person``: an id is drawn alike under whatever address. Where ids are shared, or one
        stands for nobody, the address says who it is.
    """
    if percent >= ALL_PERCENT:
        return True
    name = contact.customer_id if draws_by == "person" and not contact.id_is_shared else contact.key
    about = f"{survey_id}/{contact.tenant}/{name}".encode()
    place = int.from_bytes(keyed_digest(key, about)[: _PLACE_BITS // 8])
    return place * ALL_PERCENT < percent << _PLACE_BITS


def is_still_sampled(
    key: bytes,
    contact: ContactKey,
    survey_id: UUID,
    percent: int,
    draws_by: DrawsBy,
    invitation: Invitation,
) -> bool:
    """Whether a survey that asks so many percent by now asks the contact of a mail that waits.

    Whom it drew by that many or fewer it asks as ever; who was drawn by more is drawn once more. Who was not
    drawn at all, as in a wave, is asked.
    """
    drawn_by = ALL_PERCENT if invitation.beyond_draw else invitation.drawn_percent
    return drawn_by is None or drawn_by <= percent or is_sampled(key, contact, survey_id, percent, draws_by)


def adaptive_segment(
    adaptive: AdaptiveSampling | None, transaction: Transaction, touchpoint: str | None
) -> str | None:
    """The segment by whose share a survey draws, as decisions have it; None: the event is of none.

    :param touchpoint: the survey's, where the event names none.
    """
    if adaptive is None:
        return None
    value = segments_asked_about(transaction, touchpoint).get(adaptive.dimension)
    return stored_segment(segment_of(adaptive.dimension, value)) if value else None


def draw(
    key: bytes,
    contact: ContactKey,
    survey_id: UUID,
    percent: int,
    share: SegmentShare | None = None,
    *,
    draws_by: DrawsBy = "address",
    is_detractor: bool = False,
) -> Draw:
    """Whether a survey asks this contact: by its own percent and by the share of the contact's segment.

    Both are one draw, so whom both draw are the percent of contacts that the lower one names. A detractor is
    left out by the survey's own percent alone, never by the share.
    """
    if share is None or share.percent >= percent:
        return Draw(drawn=is_sampled(key, contact, survey_id, percent, draws_by), percent=percent)
    drawn = is_sampled(key, contact, survey_id, share.percent, draws_by)
    beyond = not drawn and is_detractor and is_sampled(key, contact, survey_id, percent, draws_by)
    return Draw(drawn=drawn, percent=share.percent, share=share, beyond=beyond)
