"""What forbids a survey to ask a person, of which more than yes or no is to be told. Pure."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from services.dispatcher.decisions.frequency import left_of
from services.dispatcher.decisions.lawful_basis import MissingBasis, missing_basis
from services.dispatcher.decisions.relational import first_on_day, last_too_close
from services.dispatcher.decisions.scopes import Asked
from services.dispatcher.decisions.values import CandidateSurvey, Person
from shared.events.surveys import ChannelName


def first_channel(channels: Sequence[str], person: Person) -> ChannelName | None:
    """The first of a survey's channels that can reach the person; those of newer versions are passed over."""
    can_reach: dict[ChannelName, bool] = {
        "mail": person.address == "good" and not (person.undeliverable or person.has_link or person.by_sms),
        "sms": person.number.quality == "good" and not person.has_link,
        "link": person.has_link,
    }
    can_reach |= dict.fromkeys(can_reach.keys() & person.preferences.refused_channels, False)
    return next((name for each in channels for name in can_reach if name == each and can_reach[name]), None)


def as_asked(person: Person, channels: Sequence[str]) -> Person:
    """The person as a survey with these channels asks them: by SMS with the number in the address's place.

    Where no channel can reach them, what is known of the one that comes closest tells why.
    """
    if "sms" not in channels or person.has_link:
        return person  # first, since nearly all surveys have no such channel
    if (first_channel(channels, person) or _closest(channels, person)) != "sms":
        return person
    return replace(
        person,
        by_sms=True,
        address=person.number.quality,
        test_address=person.number.test,
        hours=person.number.hours,
    )


def _closest(channels: Sequence[str], person: Person) -> str | None:
    """The survey's channel of which the most is known: an address before none, and in their order."""
    qualities = {"mail": person.address, "sms": person.number.quality}
    own = [channel for channel in channels if channel in qualities]
    return min(own, key=lambda channel: ("good", "bad", "missing").index(qualities[channel]), default=None)


def refuses_channels(survey: CandidateSurvey, person: Person) -> bool:
    """Whether the customer refuses each channel by which this survey could reach them."""
    return bool(person.preferences.refused_channels) and first_channel(survey.channels, person) is None


def basis_missing(
    survey: CandidateSurvey, occurred_at: datetime, at: datetime, person: Person
) -> MissingBasis | None:
    """What the law of the customer's country misses for a mail at this instant; never of a test address."""
    if person.test_address:
        return None
    return missing_basis(
        person.law, neutral=survey.neutral, incentive=survey.incentive, occurred_at=occurred_at, at=at
    )


def lacks_basis(survey: CandidateSurvey, occurred_at: datetime, at: datetime, person: Person) -> bool:
    """Whether it misses anything."""
    return basis_missing(survey, occurred_at, at, person) is not None


def is_countered(person: Person, at: datetime) -> bool:
    """Whether a counter-event forbids to ask: it cancels, or would hold a link, which cannot wait."""
    countered = person.countered
    if countered.cancelled_by is not None:
        return True
    held_until = countered.held_until
    return person.has_link and not person.test_address and held_until is not None and held_until > at


def standing_before(survey: CandidateSurvey, at: datetime, person: Person) -> Asked | None:
    """The relational mail that is due, or has left, on the day of a transactional one."""
    if survey.measurement != "transactional" or person.test_address:
        return None
    asked = (*person.asked, *person.asked_by_us)
    return first_on_day(asked, "relational", at, person.company_zone)


def asked_too_close(survey: CandidateSurvey, at: datetime, person: Person) -> datetime | None:
    """When the person is asked about an event, too close to be asked by this relational survey; None: never.

    When the mail leaves, what has not left counts no more, as for the quarantine.
    """
    if survey.measurement != "relational" or person.test_address:
        return None
    return last_too_close((*person.asked, *left_of(person)), at, person.relational_distance_days)
