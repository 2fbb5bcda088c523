"""What the pages of saved views send."""

from collections.abc import Mapping
from typing import NamedTuple

from services.scorer.saved_views.view_commands import ViewFaulty
from shared.http.numbers import whole_number
from shared.pages.language import spoken

EMPTY_VIEW = {"name": "", "address": "", "shared": ""}
EMPTY_SCREEN = {"name": "", "days": "90"}


class TypedView(NamedTuple):
    """A view as a form has it."""

    name: str
    address: str
    shared: bool


def view_of(form: Mapping[str, str]) -> TypedView:
    """The view that a form describes."""
    return TypedView(form.get("name", ""), form.get("address", ""), form.get("shared") == "on")


def days_of(form: Mapping[str, str]) -> int:
    """For how many days a screen's link is to open; 0 for what is no number, which no screen takes."""
    return whole_number(form.get("days", "")) or 0


def faults_of(faulty: ViewFaulty) -> dict[str, str]:
    """What is refused, by the field of the form."""
    return {faulty.fault["field"].strip("/"): spoken(faulty.fault["detail"])}
