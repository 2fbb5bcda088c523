"""The trigger's own settings."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from variables that begin with TRIGGER_."""

    PREFIX = "TRIGGER_"
