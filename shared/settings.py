"""Settings come from the environment; all that is missing, wrong or misspelt is named at once."""

import os
from collections.abc import Mapping
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """The environment does not say what a service needs. The message lists every fault."""


class Afterword(BaseSettings):
    """What several services need."""

    model_config = SettingsConfigDict(env_prefix="AFTERWORD_", env_file=None, hide_input_in_errors=True)

    kafka: str = Field(description="Bootstrap servers, host:port separated by commas.")
    public_url: str = Field(description="Where customers reach /s/, /u/ and /q/.")
    staff_url: str = Field(description="Where staff and client back-ends reach the rest.")
    secret: SecretStr = Field(
        min_length=32, description="The root of every key we derive; at least 32 characters."
    )
    smtp_url: str = Field(description="smtp://user:password@host:port, or smtps:// for TLS from the start.")
    mail_from: str = Field(
        default="afterword@example.com", description="Sender of mails to customers and staff."
    )
    log: Literal["json", "console"] = Field(default="json", description="Form of the log lines.")
    local: bool = Field(
        default=False, description="A local stack: mail stays on this machine, and pages say so."
    )
    mailbox_url: str | None = Field(default=None, description="Page of the local mailbox.")


class ServiceSettings(BaseSettings):
    """What every service needs of its own; the prefix is the service's name."""

    database_url: SecretStr = Field(description="postgresql+asyncpg://role:password@host:port/database")


# Read by tools beside the services (tests, local stack), so not a misspelling.
TOOLING = frozenset({"AFTERWORD_STATE", "AFTERWORD_CHROMIUM", "AFTERWORD_TEST_STACK"})

S = TypeVar("S", bound=BaseSettings)


def load(kinds: list[type[S]], environment: Mapping[str, str] | None = None) -> list[S]:
    """Read settings of the given kinds.

    :raises SettingsError: with one line for each name that is missing, wrong or unknown.
    """
    environment = os.environ if environment is None else environment
    faults: list[str] = []
    loaded: list[S] = []
    for kind in kinds:
        prefix = str(kind.model_config.get("env_prefix", ""))
        known = {prefix + name.upper() for name in kind.model_fields} | TOOLING
        faults += [
            f"{name}: no such setting{_did_you_mean(name, known)}"
            for name in sorted(environment)
            if name.startswith(prefix) and name not in known
        ]
        try:
            loaded.append(kind())
        except ValidationError as error:
            for fault in error.errors(include_input=False, include_url=False):
                name = prefix + str(fault["loc"][0]).upper()
                hint = kind.model_fields[str(fault["loc"][0])].description
                missing = fault["type"] == "missing"
                faults.append(f"{name}: {'missing' if missing else fault['msg']}. {hint}")
    if faults:
        raise SettingsError("\n".join(faults))
    return loaded


def _did_you_mean(name: str, known: set[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  (only when something is wrong)

    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
