"""The scorer's settings."""

from shared.settings import ServiceSettings


class ScorerSettings(ServiceSettings):
    """Variables that begin with SCORER_."""

    PREFIX = "SCORER_"
