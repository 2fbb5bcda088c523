"""The page of a switch of sending: what it does, and the button."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from services.dispatcher.sending.domain import Sending
from services.dispatcher.surveys.domain import StoredSurvey
from shared.events.sending import SendingMode
from shared.pages.page import Page


@dataclass(frozen=True)
class SendingSwitch:
    """An act that changes what is sent: a new mode, or a stop."""

    name: str
    mode: SendingMode | None = None
    stopped: bool | None = None
    needs_confirmation: bool = False
    """Whether a box must be ticked before it is pressed."""

    def is_done(self, sending: Sending) -> bool:
        """Whether nothing is left to be done."""
        return self.mode == sending.mode if self.mode is not None else self.stopped == sending.stopped


@dataclass(frozen=True, kw_only=True)
class SwitchPage(Page):
    """Asks before a switch of sending is pressed."""

    template: ClassVar[str] = "switch.html"
    switch: str
    surveys: Sequence[StoredSurvey]
    """Those that are live."""
    waiting: int
    most: int
    """Mails that wait are counted up to here."""
    version: str
    """The last change when the page was rendered."""
    checks_law: bool
    """Whether the company has set rules of countries."""
    fault: str = ""
