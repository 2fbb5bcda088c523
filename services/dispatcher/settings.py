"""The dispatcher's own settings."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Variables that begin with DISPATCHER_."""

    PREFIX = "DISPATCHER_"

    senders: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Connections to the mail server, of each process that sends.",
        examples=["8"],
    )
