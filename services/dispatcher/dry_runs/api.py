"""The API of dry runs."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.dispatcher.callers import CompanyEditor
from services.dispatcher.contact_policies.policy_commands import find_policy
from services.dispatcher.context import OwnContext
from services.dispatcher.dry_runs import simulation
from services.dispatcher.dry_runs.schemas import DryRunAnswer, DryRunBody, candidate_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1/dry-runs", route_class=CheckedRoute)


@router.post("", status_code=201, summary="Try rules on the events of the last days")
async def try_rules(body: DryRunBody, caller: CompanyEditor, context: OwnContext) -> DryRunAnswer:
    """Who would have been asked, and why not, by the code of the real decision. Nothing else is saved.

    What each customer would have been asked counts for their next event; an opt-out counts from when it came.
    It is decided as if the company were live. Events of erased customers are left out, and an address that no
    survey looked at counts as one. A survey with adaptive sampling draws by the shares that come of what is
    known now, and whose last answer is 0 to 6 by now is asked beyond them. What became of a mail after its
    decision is not followed: one that a counter-event cancelled or held while it waited counts as if it had
    left, and may leave a later one out (`with_counter_events`).
    """
    tried = body.survey
    async with context.database.reading() as uow:
        current = (await find_policy(uow, caller.tenant)).rules
    made = await simulation.run(
        context.database,
        context.secret,
        caller.tenant,
        survey=candidate_of(tried.draft(), tried.id, tried.state) if tried is not None else None,
        company=body.contact_policy.rules(current) if body.contact_policy is not None else None,
        period=timedelta(days=body.days),
    )
    return DryRunAnswer.of(made)


@router.get("/{dry_run_id}", summary="A dry run of the last seven days")
async def read_dry_run(
    dry_run_id: Annotated[UUID, Path(description="The dry run's id.")],
    caller: CompanyEditor,
    context: OwnContext,
) -> DryRunAnswer:
    async with context.database.reading() as uow:
        found = await simulation.find_dry_run(uow, caller.tenant, dry_run_id)
    if found is None:
        raise Problem(404)
    return DryRunAnswer.of(found)
