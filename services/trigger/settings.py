"""The trigger's own settings."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from variables that begin with TRIGGER_."""

    PREFIX = "TRIGGER_"

    operator_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="The key of whoever runs this installation, for `/v1/companies`: it makes, pauses, "
        "exports and erases companies, so it is worth as much as all of their keys. At least 32 characters. "
        "Without it these routes answer 401 to everybody, and `afterword tenant` commands are the only way.",
        examples=["the output of: openssl rand -base64 48"],
    )
