"""The settings of alerts alone."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Their names begin with ALERTS_."""

    model_config = SettingsConfigDict(env_prefix="ALERTS_", hide_input_in_errors=True)
