"""What surveys in rehearsal would have done with an event, by the rules of the decision and beside it."""

from collections.abc import Callable, Sequence

import msgspec

from services.dispatcher.decisions.domain import matches
from services.dispatcher.decisions.values import (
    CandidateSurvey,
    Considered,
    Verdict,
)


def rehearse(
    surveys: Sequence[CandidateSurvey],
    event_type: str,
    decide_by: Callable[[Sequence[CandidateSurvey]], Verdict],
) -> tuple[Considered, ...]:
    """What each would have done, were it alone live at its place in the order.

    :param surveys: all of the tenant, in their order.
    :param decide_by: the decision about the event by other surveys.
    """
    found: list[Considered] = []
    for survey in surveys:
        if survey.state == "rehearsal" and matches(survey.trigger, event_type):
            live = msgspec.structs.replace(survey, state="live")
            verdict = decide_by([live if each is survey else each for each in surveys])
            found += [one for one in verdict.considered if one.survey_id == survey.id]
    return tuple(found)
