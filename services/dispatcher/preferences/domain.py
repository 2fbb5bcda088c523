"""The choices of the preference page: fewer questions, a pause, none by mail, or as it was before. Pure."""

from datetime import datetime
from typing import Literal, NamedTuple

from services.dispatcher.decisions.preferences import NO_PREFERENCES, Preferences, months_later
from shared.events.surveys import ChannelName

ChoiceKind = Literal["usual", "fewer", "pause", "channel"]
PAUSE_MONTHS = (1, 3, 6)


class PreferenceChoice(NamedTuple):
    """What a customer chooses."""

    kind: ChoiceKind
    months: int | None = None
    """Of ``fewer`` and ``pause``."""
    channel: ChannelName | None = None
    """Of ``channel``: by which nothing is to be sent."""

    @property
    def code(self) -> str:
        """As the form sends it."""
        return f"pause-{self.months}" if self.kind == "pause" else self.kind

    def preferences(self, now: datetime, before: Preferences = NO_PREFERENCES) -> Preferences:
        """What holds for a customer who chooses this now. Only ``usual`` takes back what they chose before:
        a pause and a wish for fewer questions lift no refused channel, nor the other way round.

        :param before: what held until now.
        """
        match self.kind:
            case "fewer":
                return before._replace(months=self.months or 0)
            case "pause":
                return before._replace(paused_until=months_later(now, self.months or 0))
            case "channel":
                return before._replace(refused_channels=before.refused_channels | {self.channel or "mail"})
            case "usual":
                return NO_PREFERENCES


def choices(fewer_months: int, channel: ChannelName) -> list[PreferenceChoice]:
    """All that a customer can choose, in the order of the page.

    :param fewer_months: as the company offers; 0: it does not.
    :param channel: by which the customer was asked.
    """
    return [
        PreferenceChoice("usual"),
        *([PreferenceChoice("fewer", fewer_months)] if fewer_months else []),
        *(PreferenceChoice("pause", months) for months in PAUSE_MONTHS),
        PreferenceChoice("channel", channel=channel),
    ]


def current(preferences: Preferences, now: datetime) -> Preferences:
    """What still holds: a pause that is over does not."""
    if preferences.paused_until is not None and not preferences.pauses(now):
        return preferences._replace(paused_until=None)
    return preferences
