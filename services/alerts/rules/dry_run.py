"""Try rules on the answers of the last days. Nothing is changed."""

from dataclasses import replace
from datetime import timedelta

from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.replicas import repository as replicas
from services.alerts.rules.domain import CaseRules
from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.trial import PastAnswer, RulesTrial, try_rules
from shared.db.database import UnitOfWork
from shared.tenancy.tenants import find_zone

MAX_ANSWERS = 5_000
DEFAULT_DAYS = 14


async def try_on_past(
    uow: UnitOfWork, policy: CasePolicy, setup: CompanySetup, tenant: str, rules: CaseRules, days: int
) -> RulesTrial:
    """What the rules would have made of the newest answers of these days."""
    found = await replicas.recent_answers(uow, tenant, uow.now - timedelta(days=days), MAX_ANSWERS + 1)
    zone = await find_zone(uow, tenant)
    past = [
        PastAnswer(answer, event, answer.day or answer.changed_at.astimezone(zone).date())
        for answer, event in reversed(found[:MAX_ANSWERS])
    ]
    tried = replace(setup, rules=rules)
    return try_rules(past, setup, tried, policy, all_counted=len(found) <= MAX_ANSWERS)
