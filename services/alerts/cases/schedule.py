"""By the clock: customers who have been quiet are taken to have finished, and expired rows are deleted."""

from services.alerts.cases.changes import write_changes
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.repository import answers as case_answers
from services.alerts.cases.repository import cases, requests
from services.alerts.cases.team_notices import notify_team
from services.alerts.replicas import repository as replicas
from services.alerts.staff.repository import links, sessions
from shared.db.database import Database
from shared.runtime import Loop, Periodic
from shared.service import Context

QUIET_INTERVAL_S = 1.0
ROUNDS_PER_DELETION = 60
MAX_CASES_PER_ROUND = 100


def quiet_loop(context: Context, policy: CasePolicy) -> Loop:
    """The loop that settles the answers that nobody has sent."""
    rounds = 0

    async def step() -> None:
        nonlocal rounds
        await settle_quiet_answers(context.database, policy)
        if rounds % ROUNDS_PER_DELETION == 0:
            await delete_expired(context.database)
        rounds += 1

    return Periodic("quiet", step, QUIET_INTERVAL_S, context.health).run


async def settle_quiet_answers(database: Database, policy: CasePolicy) -> int:
    """End the writing of answers whose quiet time is over, and notify the team; returns how many cases."""
    async with database.transaction() as uow:
        keys = await case_answers.quiet_cases(uow, MAX_CASES_PER_ROUND)
        if not keys:
            return 0
        locked = {(case.tenant, case.id): case for case in await cases.lock_cases(uow, keys)}
        settled = await case_answers.end_quiet_time(uow, list(locked))
        answers = await replicas.newest_answers(uow, [(tenant, answer) for tenant, _, answer in settled])
        entries: Entries = []
        finished = [(locked[tenant, case], answers[tenant, answer][0]) for tenant, case, answer in settled]
        for case, _ in finished:
            case.changed_at = uow.now
        await notify_team(uow, policy, finished, entries)
        await write_changes(uow, list(locked.values()), entries)
        return len(locked)


async def delete_expired(database: Database) -> None:
    """Delete the sessions, links and idempotency keys whose time is over."""
    async with database.transaction() as uow:
        await sessions.delete_expired_sessions(uow)
        await links.delete_expired_links(uow)
        await requests.delete_old_requests(uow)
