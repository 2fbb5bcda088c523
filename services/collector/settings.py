"""The collector's own settings."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from variables that begin with COLLECTOR_."""

    PREFIX = "COLLECTOR_"
