"""The scorer's whole truth: what it hears, serves and says."""

from services.scorer.handlers import subscriptions
from services.scorer.models import metadata
from services.scorer.schedule import Announcer
from services.scorer.settings import Settings
from shared.events import ANSWERS, CASES, INVITATIONS, SURVEYS, TENANTS
from shared.service import Context, Loops, Service, lazy_api


def build_loops(context: Context) -> Loops:
    """Changed scores are said once a second, all of them when a day begins."""
    return {"scores": Announcer(context.database, context.health).run}


SERVICE = Service(
    name="scorer",
    settings=Settings,
    metadata=metadata,
    paths=("/", "/segments", "/v1/scores", "/v1/segments"),
    api=lazy_api("services.scorer.web"),
    consumes=(TENANTS, ANSWERS, INVITATIONS, SURVEYS, CASES),
    subscriptions=subscriptions,
    worker_loops=build_loops,
)
