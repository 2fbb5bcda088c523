"""The settings of the demo."""

from pydantic import Field

from shared.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Settings under DEMO_."""

    PREFIX = "DEMO_"

    every: float = Field(
        default=2.0, gt=0, description="Seconds from one event to the next, about.", examples=["0.5"]
    )
    seed: str = Field(
        default="quay", description="Another seed is another past and other people.", examples=["harbour"]
    )
