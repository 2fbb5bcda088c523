"""What the customer's own page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from services.dispatcher.decisions.preferences import NO_PREFERENCES, Preferences
from services.dispatcher.preferences.domain import PreferenceChoice
from shared.events.surveys import ChannelName
from shared.pages.page import Page

Shows = Literal["leave", "left", "return", "returned", "chosen", "missed", "erased"]
"""What the page says: do you want to be asked no more, or less; you are not; do you want to be again; you
are; what was chosen is kept; nothing was chosen; or nothing is kept of the customer, who is never asked."""


@dataclass(frozen=True)
class Option:
    """A choice of the form."""

    choice: PreferenceChoice | None
    """None: to leave it as it is."""
    checked: bool

    @property
    def code(self) -> str:
        """As the form sends it."""
        return self.choice.code if self.choice is not None else "keep"


def options_of(choices: Sequence[PreferenceChoice], preferences: Preferences) -> list[Option]:
    """The choices; the one that holds is checked, so that a press of the button alone changes nothing."""
    holds = [_holds(choice, preferences) for choice in choices]
    options = [Option(choice, checked) for choice, checked in zip(choices, holds, strict=True)]
    return options if any(holds) else [Option(None, checked=True), *options]


def _holds(choice: PreferenceChoice, preferences: Preferences) -> bool:
    match choice.kind:
        case "usual":
            return preferences == NO_PREFERENCES
        case "fewer":
            return preferences == Preferences(months=choice.months or 0)
        case "channel":
            refused = preferences.refused_channels
            return choice.channel in refused and preferences == Preferences(refused_channels=refused)
        case "pause":  # one that was chosen before ends earlier than one of today
            return False


@dataclass(frozen=True, kw_only=True)
class PreferencesPage(Page):
    """Asks what the customer wants, or says what holds."""

    template: ClassVar[str] = "preferences.html"
    company: str
    shows: Shows
    link: str
    hint: str
    """Of the address; empty: it is not kept any more."""
    channel: ChannelName
    """By which the customer was asked."""
    chosen: Preferences
    options: Sequence[Option]


@dataclass(frozen=True, kw_only=True)
class UnknownLinkPage(Page):
    """One page for a wrong, a foreign and a forgotten link."""

    template: ClassVar[str] = "preferences_unknown.html"
