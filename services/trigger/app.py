"""The trigger's whole truth: what it serves, says and runs."""

from services.trigger.models import metadata
from services.trigger.recovery import RECOVERY
from services.trigger.settings import Settings
from shared.service import Service, door

SERVICE = Service(
    name="trigger",
    settings=Settings,
    metadata=metadata,
    paths=("/v1/events",),
    api=door("services.trigger.door"),
    recovery=RECOVERY,
)
