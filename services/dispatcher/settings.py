"""What the dispatcher needs of its own, and the secret that its handlers hash addresses with."""

from functools import cache

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import Afterword, ServiceSettings, load


class Settings(ServiceSettings):
    """Variables that begin with DISPATCHER_."""

    model_config = SettingsConfigDict(env_prefix="DISPATCHER_", hide_input_in_errors=True)

    senders: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Connections to the mail server, of each process that sends.",
        examples=["8"],
    )


@cache
def root_secret() -> str:
    """The root secret, for handlers: the table of what is heard stands before any process has settings."""
    (afterword,) = load([Afterword])
    return afterword.secret.get_secret_value()
