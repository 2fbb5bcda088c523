"""The values by which decisions are searched, as the rules define them: one list for the API and the page."""

from collections.abc import Iterator
from typing import Any, get_args

from services.dispatcher.decisions.hours import HoldRule
from services.dispatcher.decisions.values import Reason, SendingRefusal, SurveyOutcome
from shared.events import InvitationState
from shared.events.surveys import ChannelName


def literals(hint: Any) -> tuple[str, ...]:
    """All values of a ``Literal``, or of several joined by ``|``, each once."""
    return tuple(dict.fromkeys(_values(hint)))


def _values(hint: Any) -> Iterator[str]:
    for part in get_args(hint):
        if isinstance(part, str):
            yield part
        else:
            yield from _values(part)


REASONS = literals(Reason)
SEARCHED_REASONS = literals(Reason | SendingRefusal)
"""Why nobody was asked, by the decision or when the mail was due; and ``invited``."""
SURVEY_OUTCOMES = literals(SurveyOutcome)
MAIL_STATES = literals(InvitationState)
CHANNELS = literals(ChannelName)
HOLD_RULES = literals(HoldRule)
