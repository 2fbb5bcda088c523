"""What is searched for on the page of events: typed into a form, kept in an address, and said in words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

from services.dispatcher.decisions.reasons import CHANNELS, HOLD_RULES, MAIL_STATES, SEARCHED_REASONS
from services.dispatcher.decisions.repository.search import DecisionFilter
from services.dispatcher.story.labels import (
    CHANNEL_LABELS,
    MAIL_FILTERS,
    POSTPONE_RULES,
    REASON_OUTCOMES,
    customer_label,
)
from shared.http.instants import begin_of_day, end_of_day
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.http.validation_errors import REMEDIES, FieldFault
from shared.pages.filters import day, isolated
from shared.pages.language import spoken, translated
from shared.secrets import customer_hash
from shared.values.messages import Message, message
from shared.values.phone import e164_number

Options = list[tuple[str, str]]
"""The values of a select, each with its words."""


@dataclass(frozen=True)
class EventSearch:
    """What was searched for, as it was typed."""

    q: str = ""
    """The back-end's id of the event; or of its customer, or their address or phone number, for who sees
    names."""
    reason: str = ""
    survey: str = ""
    channel: str = ""
    state: str = ""
    postponed_by: str = ""
    since: str = ""
    until: str = ""
    """The last day, which is included."""

    @property
    def given(self) -> dict[str, str]:
        """The filters that are given, by name."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def is_period(self) -> bool:
        """Whether it wants all events, or all of a period."""
        return self.given.keys() <= {"since", "until"}

    @property
    def is_counted(self) -> bool:
        """Whether what it wants is counted by outcome: all events of a period, or those of one survey."""
        return self.given.keys() <= {"since", "until", "survey"}

    @property
    def narrows(self) -> bool:
        """Whether anything but an id is given."""
        return bool(self.given.keys() - {"q"})

    @property
    def query(self) -> str:
        """The search as it stands in an address, without the page."""
        return urlencode(self.given)

    def link(self, **changes: str) -> str:
        """The address of the list with other filters."""
        query = replace(self, **changes).query
        return f"/events?{query}" if query else "/events"


def search_filter(
    search: EventSearch, staff: Staff, secret: str, zone: ZoneInfo, country: str | None = None
) -> DecisionFilter:
    """What the search wants of this reader's events; its days are days in the company's time zone.

    Who sees no names searches by the id of a client's event alone. Of an address or a phone number only its
    keyed hash is looked for.

    :param country: of the company, in whose form a number may be written.
    :raises Problem: 422, naming the field, when a value is none of those that it can have.
    """
    q = search.q or None
    number = e164_number(search.q, country) if q and "@" not in q and staff.sees_names else None
    return DecisionFilter(
        source_id=q if not staff.sees_names else None,
        clients_only=True if q and not staff.sees_names else None,
        named=q if staff.sees_names else None,
        named_contact=customer_hash(secret, staff.tenant, search.q)
        if "@" in search.q and staff.sees_names
        else None,
        named_number=customer_hash(secret, staff.tenant, number) if number is not None else None,
        reason=_one_of(SEARCHED_REASONS, search.reason, "reason"),
        survey_id=_survey_id(search.survey),
        channel=_one_of(CHANNELS, search.channel, "channel"),
        state=_one_of(MAIL_STATES, search.state, "state"),
        postponed_by=_one_of(HOLD_RULES, search.postponed_by, "postponed_by"),
        since=begin_of_day(search.since, "query/since", zone),
        until=end_of_day(search.until, "query/until", zone),
        allowed=staff.segments,
    )


def _one_of(values: tuple[str, ...], value: str, field: str) -> str | None:
    if value and value not in values:
        detail = message("Choose one of the list, or leave it open.")
        raise Problem(422, errors=[FieldFault(field=f"query/{field}", detail=detail)])
    return value or None


def _survey_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Problem(
            422, errors=[FieldFault(field="query/survey", detail=REMEDIES["uuid_parsing"])]
        ) from None


def options(labels: Mapping[str, Message], all_of_them: str) -> Options:
    """The values of a select; the first one is open."""
    return [("", all_of_them), *((code, spoken(label)) for code, label in labels.items())]


def filter_words(search: EventSearch, surveys: Mapping[str, str]) -> dict[str, str]:
    """Each filter that is given in words, as HTML, by its name; ``surveys``: their names by id."""
    return {name: _filter_text(name, value, surveys) for name, value in search.given.items()}


def _filter_text(name: str, value: str, surveys: Mapping[str, str]) -> str:
    match name:
        case "reason":
            return spoken(REASON_OUTCOMES[value])
        case "since" | "until":
            words = translated("from %(day)s") if name == "since" else translated("until %(day)s")
            return words % {"day": day(date.fromisoformat(value))}
        case "survey":
            words = translated("survey “%(value)s”")
            value = isolated(surveys.get(value, value))
        case "channel":
            words, value = translated("asked by %(value)s"), spoken(CHANNEL_LABELS[value])
        case "state":
            words, value = translated("mail: %(value)s"), spoken(MAIL_FILTERS[value])
        case "postponed_by":
            words, value = translated("mail postponed: %(value)s"), spoken(POSTPONE_RULES[value])
        case _:
            words, value = translated("“%(value)s”"), isolated(customer_label(value))
    return Markup(words) % {"value": value}  # noqa: S704  (the words are ours, the value is escaped)


def in_one_line(search: EventSearch, words: Mapping[str, str]) -> str:
    """All of what ``filter_words`` gives, as HTML, with the days of a period together; empty without any."""
    period = [words[name] for name in ("since", "until") if name in words]
    if search.since and search.until:
        first, last = (day(date.fromisoformat(text)) for text in (search.since, search.until))
        whole = translated("on %(last)s") if first == last else translated("from %(first)s to %(last)s")
        period = [whole % {"first": first, "last": last}]
    others = [text for name, text in words.items() if name not in {"since", "until"}]
    return Markup(", ").join([*others, *period])
