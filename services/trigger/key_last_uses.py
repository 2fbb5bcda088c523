"""When each of a company's keys was last used, over all services: each knows its own routes and is asked."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.trigger.context import TriggerContext
from shared.privacy.company_routes import KeyUseAnswer
from shared.privacy.erased import CONFIRMING_SERVICES
from shared.privacy.service_client import ServiceUnavailable, read_answer
from shared.tenancy.key_uses import find_uses

ANSWER_WITHIN_S = 3.0
"""A page that shows nearly all is better than one that waits."""


class LastUse(NamedTuple):
    """The last use of a key."""

    at: datetime
    service: str
    route: str


class LastUses(NamedTuple):
    """Of all keys of a company, by the key's id."""

    uses: Mapping[str, LastUse]
    unanswered: Sequence[str]
    """The services that did not answer: a later use there is not known now."""


async def last_uses(context: TriggerContext, tenant: str) -> LastUses:
    """The last use of each key."""
    async with context.database.reading() as uow:
        own = await find_uses(uow, tenant)
    found = {key: LastUse(use.used_at, "trigger", use.route) for key, use in own.items()}
    answers = await asyncio.gather(*(_asked(context, name, tenant) for name in CONFIRMING_SERVICES))
    unanswered = []
    for name, answer in zip(CONFIRMING_SERVICES, answers, strict=True):
        if answer is None:
            unanswered.append(name)
            continue
        for use in answer:
            known = found.get(use.key_id)
            if known is None or known.at < use.used_at:
                found[use.key_id] = LastUse(use.used_at, name, use.route)
    return LastUses(found, unanswered)


async def _asked(context: TriggerContext, service: str, tenant: str) -> Sequence[KeyUseAnswer] | None:
    """What a service knows; None: it does not answer now."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            body = await context.services.get_body(service, "key-uses", purpose="key-uses", tenant=tenant)
        return read_answer(service, body, list[KeyUseAnswer])
    except (ServiceUnavailable, TimeoutError):
        return None
