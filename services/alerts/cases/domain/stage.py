"""How far the work on a case is: read from what has happened to it, and stored nowhere."""

from datetime import datetime

from services.alerts.cases.domain.case_state import CaseStateFields
from services.alerts.cases.domain.policy import CasePolicy
from shared.events import CaseStage

SOLVED_OUTCOMES = frozenset({"recovered", "explained"})


def stage_of(case: CaseStateFields) -> CaseStage:
    """The stage of a case; ``resolved`` until somebody's objection is too late (:func:`shown_stage`).

    ``reopened`` is one on which nothing was done since, ``in_progress`` one on which something was done after
    its customer was reached.
    """
    if case.erased:
        return "withdrawn"
    if case.state == "closed":
        return _end(case)
    if case.waiting_since is not None:
        return "waiting_customer"
    worked, reached = case.last_worked_at, case.first_contact_at
    if case.reopened_at is not None and (worked is None or worked < case.reopened_at):
        return "reopened"
    if reached is not None:
        return "in_progress" if worked is not None and worked > reached else "contacted"
    return "open" if case.owner_id is None else "assigned"


def _end(case: CaseStateFields) -> CaseStage:
    if case.outcome == "duplicate":
        return "duplicate"
    if case.outcome == "no_contact":
        return "no_contact"
    return "resolved" if case.outcome in SOLVED_OUTCOMES and case.told else "closed"


def shown_stage(case: CaseStateFields, now: datetime, policy: CasePolicy) -> CaseStage:
    """The same at some time: what was resolved is closed once its customer can object no more."""
    stage = stage_of(case)
    over = case.closed_at is not None and now - case.closed_at > policy.objection_within
    return "closed" if stage == "resolved" and over else stage
