"""The scorer's settings."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from shared.settings import ServiceSettings


def _model_address(given: str) -> str:
    parts = urlsplit(given)
    try:
        has_port = parts.port != 0
    except ValueError:
        has_port = False
    right = parts.scheme in {"http", "https"} and parts.hostname and has_port
    if not right or parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("must be like https://model.example/v1/themes, without a name or password")
    return given


class ScorerSettings(ServiceSettings):
    """Variables that begin with SCORER_."""

    PREFIX = "SCORER_"

    theme_model_url: Annotated[str, AfterValidator(_model_address)] | None = Field(
        default=None,
        description="Where a model takes comments and answers which themes they name, by the protocol of "
        "services/scorer/themes/README.md; it may lie in a private network. Without it no comment is sent "
        "anywhere; with it only those of companies whose administrators switch it on.",
        examples=["http://theme-model:8080/label"],
    )
    theme_model_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What the scorer proves itself with at the model: sent as Authorization: Bearer.",
        examples=["a-long-random-text"],
    )
    theme_model_timeout_s: int = Field(
        default=30,
        ge=1,
        le=100,
        description="For how many seconds the model may take to answer a request.",
        examples=["60"],
    )
    theme_model_comments: int = Field(
        default=20,
        ge=1,
        le=100,
        description="How many comments are sent to the model in one request, at most.",
        examples=["50"],
    )
