"""What a page's template sees: the frame around every page, and one dataclass for each page."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What the frame of a page for staff shows of the reader's company."""

    company: str = ""
    """Beside the person's name."""
    here: str = ""
    """Which of the words of the menu is current: scores, cases, surveys, events."""
    open_cases: int | None = None
    """The number beside Cases; None: not shown."""
    test_mode: bool = False
    """Mail goes to test addresses only."""
    sending_stopped: bool = False
    demo: bool = False
    """Whether the company is the invented one."""
    live: str | None = None
    """Address of the stream of changes that the page follows."""
    live_only: str | None = None
    """The id of the one thing that the page is about; None: any change concerns it."""
    time_zone: str | None = None
    """Of the company; None: not known, so no times are shown."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page: its fields are what its template sees, beside the frame's and the globals.

    ``tests/unit/test_templates.py`` compares each template with the fields of its page.
    """

    template: ClassVar[str]


def fields_of(values: Page | Frame) -> dict[str, Any]:
    """The fields by name, as they are: nothing in them is copied."""
    return {each.name: getattr(values, each.name) for each in fields(values)}
