"""What the forms of the pages send. What is wrong is said on the page, and nothing typed is lost."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.alerts.cases.domain.case_file import CONTACT_METHODS
from services.alerts.cases.domain.closing import (
    CASE_OUTCOMES,
    CAUSE_CODES,
    CAUSES,
    closing_faults,
    required_text_faults,
)
from services.alerts.cases.repository.conditions import CaseFilter
from services.alerts.cases.repository.lists import Sort
from services.alerts.cases.schemas import Action
from services.alerts.rules.clocks import PRIORITIES
from shared.http.numbers import MAX_INTEGER
from shared.http.staff_auth import Staff
from shared.values.messages import Message, message

CASES_PER_PAGE = 50
MAX_PAGE_NUMBER = 200
MAX_FILTER_CHARS = 1_000


class InboxFilter(BaseModel):
    """The sentence above the list of cases, as its form and its addresses send it."""

    model_config = ConfigDict(extra="ignore")

    state: Literal["open", "late", "closed", "all"] = "open"
    owner: Literal["everybody", "me", "nobody"] = "everybody"
    touchpoint: Annotated[str, Field(max_length=MAX_FILTER_CHARS)] = ""
    cause: Literal["", *CAUSES, *CAUSE_CODES] = ""  # type: ignore[valid-type]
    outcome: Literal["", *CASE_OUTCOMES] = ""  # type: ignore[valid-type]
    customer: Annotated[str, Field(max_length=MAX_FILTER_CHARS)] = ""
    priority: Literal["", *PRIORITIES] = ""  # type: ignore[valid-type]
    incident: UUID | Literal[""] = ""
    sort: Sort = "due"
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

    def case_filter(self, staff: Staff) -> CaseFilter:
        """The same for the repository."""
        closed = self.state == "closed"
        return CaseFilter(
            segments=staff.segments,
            state={"open": "waiting", "late": "waiting", "closed": "closed", "all": None}[self.state],
            owner={"everybody": None, "me": staff.id, "nobody": "nobody"}[self.owner],
            touchpoint=self.touchpoint or None,
            cause=(self.cause or None) if closed else None,
            outcome=(self.outcome or None) if closed else None,
            customer=self.customer or None,
            late=self.state == "late",
            priority=self.priority or None,
            incident=self.incident or None,
        )


class CaseForm(BaseModel):
    """What the forms of the case page send."""

    act: Literal["take", "assign", "release", "contact", "note", "close", "reopen", "reveal"]
    version: Annotated[int, Field(ge=0, le=MAX_INTEGER)] | None = None
    key: str = ""
    to: str = ""
    how: str = "call"
    reached: str = ""
    text: str = ""
    cause: str = ""
    action: str = ""
    outcome: str = ""
    told: str = ""

    def faults(self) -> list[tuple[str, Message]]:
        """Everything that is missing: each field with what to do."""
        match self.act:
            case "assign" if not is_uuid(self.to):
                return [("to", message("Choose a colleague."))]
            case "contact":
                faults = [] if self.how in CONTACT_METHODS else [("how", message("Choose how."))]
                if self.reached not in {"yes", "no"}:
                    faults.append(("reached", message("Say whether you spoke to the customer.")))
                return faults + required_text_faults(
                    "contact-text", self.text, message("Write what was said.")
                )
            case "note":
                return required_text_faults("note-text", self.text, message("Write the note."))
            case "reopen":
                return required_text_faults("reopen-text", self.text, message("Write why it is not over."))
            case "close":
                return closing_faults(self.cause, self.action, self.outcome, self.told)
            case _:
                return []

    def read(self) -> Action:
        """The act, once nothing is missing."""
        fields: dict[str, dict[str, Any]] = {
            "take": {"version": self.version},
            "release": {"version": self.version},
            "assign": {"version": self.version, "to": self.to},
            "contact": {"how": self.how, "reached": self.reached == "yes", "text": self.text.strip()},
            "note": {"text": self.text.strip()},
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


def is_uuid(text: str) -> bool:
    """Whether this is a UUID as we write it."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


_action: TypeAdapter[Action] = TypeAdapter(Action)
