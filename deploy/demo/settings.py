"""What the demo can be told."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings under DEMO_."""

    model_config = SettingsConfigDict(env_prefix="DEMO_")

    every: float = Field(default=2.0, gt=0, description="Seconds from one event to the next, about.")
    seed: str = Field(default="quay", description="Another seed is another past and other people.")
