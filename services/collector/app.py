"""The collector on one screen: the topics it consumes and owns, and the paths it serves."""

from services.collector.erasing import erase
from services.collector.gauges import measure_suspects
from services.collector.handlers import subscriptions
from services.collector.models import PERSONAL_TABLES, metadata
from services.collector.recovery import recovery
from services.collector.repository.retention import RETENTION as RETENTION_RULES
from services.collector.schedule import ANONYMOUS_LOOP, anonymous_loop
from services.collector.settings import Settings
from services.collector.totals.rounds import TOTALS_LOOP, TotalsRounds
from shared.events import (
    ANSWER_TOTALS,
    ANSWERS,
    CASES,
    CUSTOMERS,
    INVITATIONS,
    RETENTION,
    SURVEYS,
    TENANTS,
)
from shared.service import Context, Loops, PersonalData, Service, lazy_api


def build_loops(context: Context) -> Loops:
    """One loop sends what anonymous customers left unsent, one publishes totals of the answers."""
    totals = TotalsRounds(context.database, context.afterword.kafka, context.health)
    return {ANONYMOUS_LOOP: anonymous_loop(context), TOTALS_LOOP: totals.loop}


SERVICE = Service(
    name="collector",
    settings=Settings,
    metadata=metadata,
    paths=(
        *("/s", "/q", "/in-page.js", "/suspect-answers", "/share-links", "/v1/answers", "/v1/share-links"),
        "/v1/personal-data/collector",
    ),
    api=lazy_api("services.collector.web"),
    consumes=(CUSTOMERS, TENANTS, SURVEYS, INVITATIONS, CASES, RETENTION),
    subscriptions=subscriptions,
    personal_data=PersonalData(PERSONAL_TABLES, erase),
    worker_loops=build_loops,
    owns=(ANSWERS, ANSWER_TOTALS),
    gauges=(measure_suspects,),
    recovery=recovery,
    retention=RETENTION_RULES,
)
