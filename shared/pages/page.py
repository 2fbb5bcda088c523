"""What the templates of pages see: the frame of staff pages, and one dataclass for each page."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from shared.http.validation_errors import FieldFault
from shared.values.messages import Message


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What the frame of a staff page shows."""

    company: str = ""
    """Beside the user's name."""
    here: str = ""
    """The current entry of the menu: scores, actions, cases, surveys, events, settings, introductions or
    customers."""
    open_cases: int | None = None
    """The number beside Cases; None: not shown."""
    test_mode: bool = False
    """Mail goes to test addresses only."""
    sending_stopped: bool = False
    company_paused: bool = False
    accent: str | None = None
    """The company's colour on a page for its customers, as ``#rrggbb``."""
    demo: bool = False
    """Whether the company is the invented one of the demonstration."""
    live: str | None = None
    """The address of the stream of changes that the page follows."""
    live_only: str | None = None
    """The id of the one thing that the page shows; None: every change concerns it."""
    time_zone: str | None = None
    """Of the company; None: not known, so no times are shown."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The base of all pages. The template sees the fields, the frame's fields, and the globals.

    ``tests/unit/test_templates.py`` compares each template with its page.
    """

    template: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class ErrorPage(Page):
    """A refusal, or an error of ours."""

    template: ClassVar[str] = "error.html"
    status: int
    title: Message | str
    detail: Message | str
    errors: Sequence[FieldFault]
    request_id: str


def fields_of(values: Page | Frame) -> dict[str, Any]:
    """The fields by name, not copied."""
    return {each.name: getattr(values, each.name) for each in fields(values)}
