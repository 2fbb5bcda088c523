"""What the routes of the operator share: who may ask, and refusals."""

from typing import Annotated

from fastapi import Depends

from services.trigger.operator_auth import operated
from shared.http.problems import Problem
from shared.privacy.service_client import ServiceUnavailable
from shared.values.messages import message

Operated = Annotated[bool, Depends(operated())]
COMPANY_LEFT = message("This company has left, and nothing of it is kept.")


def part_away(error: ServiceUnavailable) -> Problem:
    """The answer while a service is away."""
    return Problem(
        503,
        message("A part of Afterword does not answer."),
        message("It is %(service)s. Try again in a minute.", service=error.service),
        headers={"Retry-After": "30"},
    )
