"""The trigger on one screen: the paths it serves, the topic it owns, and the sources that it reads."""

from services.trigger.company_states import LEAVING_LOOP, leaving_loop
from services.trigger.models import metadata
from services.trigger.recovery import recovery
from services.trigger.settings import Settings
from services.trigger.sources.gauges import measure_sources
from services.trigger.sources.schedule import source_loops
from shared.events import TENANTS
from shared.kafka.kernel.source_letters import SOURCE_LETTERS
from shared.service import Context, Loops, Service, lazy_api


def worker_loops(context: Context) -> Loops:
    """What reads companies' own topics, and what ends the days of grace of companies that leave."""
    return {**source_loops(context), LEAVING_LOOP: leaving_loop(context.database, context.health)}


SERVICE = Service(
    name="trigger",
    settings=Settings,
    metadata=metadata,
    paths=(
        "/v1/events",
        "/v1/sources",
        "/sources",
        "/v1/keys",
        "/keys",
        "/v1/company",
        "/company",
        "/v1/companies",
    ),
    api=lazy_api("services.trigger.web"),
    owns=(TENANTS,),
    recovery=recovery,
    worker_loops=worker_loops,
    own_dead_letters=(SOURCE_LETTERS,),
    gauges=(measure_sources,),
)
