"""The collector's whole truth: what it hears, serves and says."""

from services.collector.handlers import SUBSCRIPTIONS
from services.collector.models import metadata
from services.collector.recovery import RECOVERY
from services.collector.settings import Settings
from shared.service import Service, door

SERVICE = Service(
    name="collector",
    settings=Settings,
    metadata=metadata,
    paths=("/s", "/v1/answers"),
    api=door("services.collector.door"),
    subscriptions=SUBSCRIPTIONS,
    recovery=RECOVERY,
)
