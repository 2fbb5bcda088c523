"""What the scorer needs of its own."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Variables that begin with SCORER_."""

    PREFIX = "SCORER_"
