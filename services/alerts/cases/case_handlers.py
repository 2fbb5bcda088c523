"""Who handled the events of cases: they may be criticized, and are never told of these alone."""

from collections.abc import Collection, Mapping
from uuid import UUID

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.repository import answers as case_answers
from services.alerts.cases.repository.cases import Key
from services.alerts.rules.setup import CompanySetup
from services.alerts.teams.routing import handlers_of
from shared.db.database import UnitOfWork


async def handlers_of_cases(
    uow: UnitOfWork, setups: Mapping[str, CompanySetup], found: Collection[CaseFile]
) -> dict[Key, frozenset[UUID]]:
    """By case: who handled one of its events, as far as these have arrived; nobody: it is not in here."""
    if not found:
        return {}
    events = await case_answers.events_of_cases(uow, sorted({(case.tenant, case.id) for case in found}))
    return {key: handlers_of(setups[key[0]], invitations) for key, invitations in events.items()}
