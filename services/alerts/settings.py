"""The settings of alerts alone."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Variables that begin with ALERTS_."""

    PREFIX = "ALERTS_"
