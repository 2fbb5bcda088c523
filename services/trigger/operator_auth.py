"""Whoever runs the installation, by the one key in the settings."""

import hashlib
import hmac

from fastapi import Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from pydantic import SecretStr

from services.trigger.context import TriggerContext
from shared.http.caller_checks import CallerCheck
from shared.http.client_networks import network_of
from shared.http.context import http_of
from shared.http.key_auth import token_of
from shared.http.problems import Problem
from shared.http.rate_limit import too_many_requests
from shared.values.messages import message


class operated(SecurityBase, CallerCheck[bool]):  # noqa: N801  (reads as what it does where a route is declared)
    """A dependency: the operator's key (``TRIGGER_OPERATOR_KEY``). Where none is set nobody has it."""

    model = HTTPBearer(description="The operator's key of this installation, TRIGGER_OPERATOR_KEY.")
    scheme_name = "OperatorKey"

    async def check(self, request: Request) -> bool:
        """True.

        :raises Problem: 401 without the key, 429 after too many wrong ones.
        """
        context: TriggerContext = request.app.state.context
        given, expected = token_of(request), context.own.operator_key
        if given is not None and expected is not None and _same(given, expected):
            return True
        if given is not None:
            limit, client = http_of(request).key_rate_limit, network_of(request)
            too_many_requests(limit.failed(client))
        raise Problem(
            401,
            detail=message("It takes the key of whoever runs this installation: TRIGGER_OPERATOR_KEY."),
            headers={"WWW-Authenticate": 'Bearer realm="afterword operator"'},
        )


def _same(given: str, expected: SecretStr) -> bool:
    """Whether they are the same, in a time that tells nothing of how alike they are."""
    wanted = expected.get_secret_value()
    return hmac.compare_digest(
        hashlib.sha256(given.encode()).digest(), hashlib.sha256(wanted.encode()).digest()
    )
