"""The collector on one screen: the topics it consumes and owns, and the paths it serves."""

from services.collector.handlers import subscriptions
from services.collector.models import metadata
from services.collector.recovery import recovery
from services.collector.settings import Settings
from shared.events import ANSWERS, CASES, CUSTOMERS, INVITATIONS, SURVEYS, TENANTS
from shared.service import Service, lazy_api

SERVICE = Service(
    name="collector",
    settings=Settings,
    metadata=metadata,
    paths=("/s", "/v1/answers", "/v1/personal-data/collector"),
    api=lazy_api("services.collector.web"),
    consumes=(CUSTOMERS, TENANTS, SURVEYS, INVITATIONS, CASES),
    subscriptions=subscriptions,
    owns=(ANSWERS,),
    recovery=recovery,
)
