"""The trigger's own settings."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from variables that begin with TRIGGER_."""

    model_config = SettingsConfigDict(env_prefix="TRIGGER_", hide_input_in_errors=True)
