"""What the collector needs of its own."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Variables that begin with COLLECTOR_."""

    PREFIX = "COLLECTOR_"
