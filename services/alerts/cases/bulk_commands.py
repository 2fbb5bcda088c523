"""One act on several cases: each case has a transaction of its own, and is done whole or not at all."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from services.alerts.cases import case_commands
from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import ActRefused
from services.alerts.cases.schemas import BulkAction
from services.alerts.rules.setup_cache import CompanySetups
from shared.db.database import Database
from shared.http.problems import Problem
from shared.values.messages import Message, message

NO_SUCH_CASE = message("There is no such case.")


class CaseResult(NamedTuple):
    """What became of one of the cases."""

    case: UUID
    refused: Message | None
    """Why nothing was done to it; None: it is done."""


async def act_on_each(
    database: Database,
    secret: str,
    policy: CasePolicy,
    cache: CompanySetups,
    user: CaseUser,
    cases: Sequence[UUID],
    action: BulkAction,
    key: str | None = None,
) -> list[CaseResult]:
    """Do it to each case, one after the other, once for each idempotency key.

    :raises Problem: 422 when the key belongs to another act; what was done before stays done.
    """
    results = []
    for case in dict.fromkeys(cases):
        try:
            async with database.transaction() as uow:
                await case_commands.act(uow, secret, policy, cache, user, case, action, key)
        except ActRefused as refusal:
            results.append(CaseResult(case, refusal.reason))
        except Problem as problem:
            if problem.status != HTTPStatus.NOT_FOUND:
                raise
            results.append(CaseResult(case, NO_SUCH_CASE))
        else:
            results.append(CaseResult(case, None))
    return results
