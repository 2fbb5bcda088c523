"""Bodies and answers of the API about retention, made from the fields of ``RetentionRules``."""

from typing import Any

from pydantic import BaseModel, Field, create_model

from shared.events import RetentionRules
from shared.events.retention import RETENTION_KINDS
from shared.http.request_body import StrictBody
from shared.privacy.retention import Counts, totals
from shared.privacy.retention_api import DAYS_BY_KIND

_Body = create_model("_Body", __base__=StrictBody, **DAYS_BY_KIND)
_DAYS_BY_KIND: dict[str, Any] = dict.fromkeys(RETENTION_KINDS, (int, ...))
_Answer = create_model("_Answer", **_DAYS_BY_KIND)


class RetentionBody(_Body):
    """For how many days each kind of data is kept. A kind that is left out has its default."""


class RetentionAnswer(_Answer):
    """For how many days each kind of data is kept."""


class RetentionDryRun(BaseModel):
    """What the rules would remove now. The nightly run removes exactly that."""

    kinds: dict[str, int] = Field(description="How many rows of each kind, in all services.")
    services: dict[str, dict[str, dict[str, int]]] = Field(
        description="The same by service, kind and table; what is not there has none."
    )

    @classmethod
    def of(cls, services: dict[str, Counts]) -> "RetentionDryRun":
        """From the counts of each service."""
        return cls.model_validate({"kinds": totals(services), "services": services})


def rules_of_body(body: RetentionBody) -> RetentionRules:
    """The rules that a body states."""
    return RetentionRules(**{kind: getattr(body, kind) for kind in RETENTION_KINDS})


def answer_of_rules(rules: RetentionRules) -> RetentionAnswer:
    """The answer that states the rules."""
    return RetentionAnswer(**{kind: getattr(rules, kind) for kind in RETENTION_KINDS})
