"""What the trigger needs of its own."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Variables that begin with TRIGGER_."""

    PREFIX = "TRIGGER_"
