"""The scorer's settings."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class ScorerSettings(ServiceSettings):
    """The variables that begin with SCORER_."""

    model_config = SettingsConfigDict(env_prefix="SCORER_", hide_input_in_errors=True)
