"""The trigger on one screen: the paths it serves and the topic it owns."""

from services.trigger.models import metadata
from services.trigger.recovery import recovery
from services.trigger.settings import Settings
from shared.events import TENANTS
from shared.service import Service, lazy_api

SERVICE = Service(
    name="trigger",
    settings=Settings,
    metadata=metadata,
    paths=("/v1/events",),
    api=lazy_api("services.trigger.web"),
    owns=(TENANTS,),
    recovery=recovery,
)
