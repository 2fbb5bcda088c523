"""Who may put a survey into a state, whether by its pages or by the API."""

from shared.events.surveys import SurveyState
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.values.messages import message

WHOLE_COMPANY_ONLY = message("A rehearsal judges the events of all segments.")
ASK_A_COLLEAGUE = message("Ask a colleague who sees the whole company.")


def check_rehearsal(staff: Staff | None, was: SurveyState | None, state: SurveyState) -> None:
    """Let nobody who is limited to segments begin or end a rehearsal, which judges the events of all of them;
    they may let the survey ask, as any other one.

    :param staff: None: a key, which is never limited.
    :param was: None: the survey is new.
    :raises Problem: 403.
    """
    changes = was != state and "rehearsal" in {was, state} and state != "live"
    if changes and staff is not None and staff.segments:
        raise Problem(403, WHOLE_COMPANY_ONLY, ASK_A_COLLEAGUE)
