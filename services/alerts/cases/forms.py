"""What the forms of the pages send. What is wrong is said on the page, and nothing typed is lost."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.alerts.cases.domain.closing import (
    CASE_OUTCOMES,
    CONTACT_METHODS,
    closing_faults,
    required_text_faults,
)
from services.alerts.cases.repository.conditions import CaseFilter
from services.alerts.cases.repository.lists import Sort
from services.alerts.cases.repository.search import number_of
from services.alerts.cases.schemas import Action
from services.alerts.cases.words import MAX_SEARCH_CHARS
from services.alerts.rules.clocks import PRIORITIES
from shared.events.replies import MAX_REPLY_CHARS, MAX_SUBJECT_CHARS
from shared.http.form_texts import day_of
from shared.http.numbers import MAX_INTEGER
from shared.http.staff_auth import Staff
from shared.ids import uuid7
from shared.values.causes import CAUSE_CODES, CAUSES
from shared.values.messages import Count, Message, message

CASES_PER_PAGE = 50
MORNING = time(8)
"""When a case goes on that waits until a day."""
MAX_PAGE_NUMBER = 200
MAX_FILTER_CHARS = 1_000
MAX_LIST_QUERY = 8_000
"""Of the query of a list in the address of a case."""


class ListFilter(BaseModel):
    """Which cases a list has, without what is of one customer."""

    model_config = ConfigDict(extra="ignore")

    state: Literal["open", "late", "waiting", "closed", "all"] = "open"
    owner: Literal["everybody", "me", "nobody"] = "everybody"
    team: UUID | Literal["", "mine"] = ""
    """Only cases of this team, or of those of the reader."""
    touchpoint: Annotated[str, Field(max_length=MAX_FILTER_CHARS)] = ""
    cause: Literal["", *CAUSES, *CAUSE_CODES] = ""  # type: ignore[valid-type]
    outcome: Literal["", *CASE_OUTCOMES] = ""  # type: ignore[valid-type]
    priority: Literal["", *PRIORITIES] = ""  # type: ignore[valid-type]
    sort: Sort = "due"


class InboxFilter(ListFilter):
    """The sentence above the list of cases, as its form and its addresses send it."""

    q: Annotated[str, Field(max_length=MAX_SEARCH_CHARS)] = ""
    """Words of an answer, a customer's name or id, or a case's number."""
    customer: Annotated[str, Field(max_length=MAX_FILTER_CHARS)] = ""
    incident: UUID | Literal[""] = ""
    page: Annotated[int, Field(ge=1, le=MAX_PAGE_NUMBER)] = 1

    @property
    def is_default(self) -> bool:
        """Whether this is the list that the inbox begins with."""
        return self.address(page=1) == "/inbox"

    def address(self, **changes: Any) -> str:
        """The address of this list, or of one that differs from it."""
        fields, values = type(self).model_fields, {**self.model_dump(), **changes}
        chosen = {name: value for name, value in values.items() if value != fields[name].default}
        return "/inbox" + (f"?{urlencode(chosen)}" if chosen else "")

    @property
    def within(self) -> str:
        """The query by which a case's address tells that it was opened from this list."""
        _, _, query = self.address().partition("?")
        return f"?{urlencode({'in': query})}" if query else ""

    @classmethod
    def of_query(cls, query: str) -> "InboxFilter":
        """The list of this query; the first list where it is none."""
        try:
            return cls.model_validate(dict(parse_qsl(query)))
        except ValidationError:
            return cls()

    def case_filter(self, staff: Staff, teams: Sequence[UUID]) -> CaseFilter:
        """The same for the repository, without the search.

        :param teams: in which this person is.
        """
        closed = self.state == "closed"
        return CaseFilter(
            segments=staff.segments,
            state=_STATES[self.state],
            owner={"everybody": None, "me": staff.id, "nobody": "nobody"}[self.owner],
            touchpoint=self.touchpoint or None,
            cause=(self.cause or None) if closed else None,
            outcome=(self.outcome or None) if closed else None,
            customer=self.customer or None,
            late=self.state == "late",
            paused=self.state == "waiting",
            teams=None if self.team == "" else teams if self.team == "mine" else [self.team],
            priority=self.priority or None,
            incident=self.incident or None,
        )


_STATES: dict[str, Literal["unfinished", "closed"] | None] = {
    "open": "unfinished",
    "late": "unfinished",
    "waiting": "unfinished",
    "closed": "closed",
    "all": None,
}
"""The states of cases in each list."""


class CaseForm(BaseModel):
    """What the forms of the case page send."""

    act: Literal[
        "take",
        "assign",
        "hand_over",
        "ask",
        "release",
        "wait",
        "resume",
        "contact",
        "note",
        "reply",
        "close",
        "merge",
        "reopen",
        "reveal",
    ]
    version: Annotated[int, Field(ge=0, le=MAX_INTEGER)] | None = None
    key: str = ""
    to: str = ""
    into: str = ""
    """The number of another case."""
    until: str = ""
    """A day."""
    how: str = "call"
    reached: str = ""
    text: str = ""
    subject: str = ""
    """Of a mail to the customer."""
    cause: str = ""
    action: str = ""
    outcome: str = ""
    told: str = ""

    def faults(self) -> list[tuple[str, Message]]:
        """Everything that is missing: each field with what to do."""
        faults: list[tuple[str, Message]] = []
        if self.act in {"assign", "hand_over", "ask"} and not is_uuid(self.to):
            faults.append((_COLLEAGUE_FIELDS[self.act], message("Choose a colleague.")))
        if self.act == "wait" and self.until_day is None:
            faults.append(("until", message("Choose the day on which you go on.")))
        if self.act == "merge" and number_of(self.into) is None:
            faults.append(("into", message("Write the number of the other case.")))
        if self.act == "contact":
            if self.how not in CONTACT_METHODS:
                faults.append(("how", message("Choose how.")))
            if self.reached not in {"yes", "no"}:
                faults.append(("reached", message("Say whether you spoke to the customer.")))
        if self.act == "reply":
            faults += reply_faults(self.subject, self.text)
        if self.act in _TEXTS:
            field, missing = _TEXTS[self.act]
            faults += required_text_faults(field, self.text, missing)
        if self.act == "close":
            faults += closing_faults(self.cause, self.action, self.outcome, self.told)
        return faults

    @property
    def until_day(self) -> date | None:
        """The day until which the case waits."""
        return day_of(self.until)

    def read(self, zone: ZoneInfo, into: UUID | None = None) -> Action:
        """The act, once nothing is missing.

        :param zone: in which the day begins until which the case waits.
        :param into: the case that ``into`` names.
        """
        fields: dict[str, dict[str, Any]] = {
            "take": {"version": self.version},
            "release": {"version": self.version},
            "assign": {"version": self.version, "to": self.to},
            "hand_over": {"version": self.version, "to": self.to, "text": self.text.strip()},
            "ask": {"to": self.to, "text": self.text.strip()},
            "wait": {
                "version": self.version,
                "until": morning(self.until_day, zone) if self.until_day else None,
                "text": self.text.strip(),
            },
            "resume": {},
            "merge": {"version": self.version, "into": into},
            "contact": {"how": self.how, "reached": self.reached == "yes", "text": self.text.strip()},
            "note": {"text": self.text.strip()},
            "reply": {
                "id": self.key if is_uuid(self.key) else str(uuid7()),
                "subject": " ".join(self.subject.split()),
                "text": self.text.replace("\r\n", "\n").strip(),
            },
            "reopen": {"version": self.version, "text": self.text.strip()},
            "reveal": {},
            "close": {
                "version": self.version,
                "cause": self.cause,
                "action": self.action.strip(),
                "outcome": self.outcome,
                "told": self.told == "yes",
            },
        }
        return _action.validate_python({"act": self.act, **fields[self.act]})


_COLLEAGUE_FIELDS = {"assign": "to", "hand_over": "hand-to", "ask": "ask-to"}
_TEXTS = {
    "contact": ("contact-text", message("Write what was said.")),
    "note": ("note-text", message("Write the note.")),
    "hand_over": ("hand-text", message("Write what they must know.")),
    "ask": ("ask-text", message("Write what you want to know.")),
    "wait": ("wait-text", message("Write what you wait for.")),
    "reopen": ("reopen-text", message("Write why it is not over.")),
}
"""The field of the text that an act needs, and what to say where it is missing."""


def reply_faults(subject: str, text: str) -> list[tuple[str, Message]]:
    """What is wrong with a mail to the customer."""
    faults: list[tuple[str, Message]] = []
    if not subject.strip():
        faults.append(("reply-subject", message("Write what the mail is about.")))
    elif len(" ".join(subject.split())) > MAX_SUBJECT_CHARS:
        faults.append(("reply-subject", _shorter(MAX_SUBJECT_CHARS)))
    if not text.strip():
        faults.append(("reply-text", message("Write the mail.")))
    elif len(text.replace("\r\n", "\n").strip()) > MAX_REPLY_CHARS:
        faults.append(("reply-text", _shorter(MAX_REPLY_CHARS)))
    return faults


def _shorter(most: int) -> Message:
    return message("Make it shorter: at most %(most)s characters.", most=Count(most))


def morning(day: date, zone: ZoneInfo) -> datetime:
    """When work begins on a day, in a time zone."""
    return datetime.combine(day, MORNING, zone)


def is_uuid(text: str) -> bool:
    """Whether this is a UUID as we write it."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


_action: TypeAdapter[Action] = TypeAdapter(Action)
