"""The values by which decisions are searched, as the rules define them: one list for the API and the page."""

from collections.abc import Iterator
from typing import Any, get_args

from services.dispatcher.decisions.giving_way import OUTRANKED
from services.dispatcher.decisions.hours import PostponeRule
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
SEARCHED_REASONS = (*literals(Reason | SendingRefusal), OUTRANKED)
"""Why nobody was asked, by the decision or by what dropped its mail later; and ``invited``."""
SURVEY_OUTCOMES = literals(SurveyOutcome)
MAIL_STATES = literals(InvitationState)
CHANNELS = literals(ChannelName)
HOLD_RULES = literals(PostponeRule)
"""Those by which a mail that was due is postponed."""
