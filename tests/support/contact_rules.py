"""Rules of a company by which no hour, no other mail and no case holds anything: no test depends on the time of day."""

import time

import httpx
from support.audit import an_actor

from services.dispatcher.contact_policies.policy_commands import set_policy
from shared.db import UnitOfWork
from shared.events import ContactRules

AT_ANY_TIME = ContactRules(
    quiet_hours={},
    sms_sundays=True,
    sms_holidays=True,
    cap_hours=0,
    relational_distance_days=0,
    ask_with_open_case=True,
)


async def write_at_any_time(uow: UnitOfWork, tenant: str) -> None:
    """Let the company write to its customers at any hour, as often as its surveys say."""
    await set_policy(uow, tenant, an_actor(), AT_ANY_TIME)


def ask_to_write_at_any_time(origin: str, key: str) -> None:
    """The same by the API, as soon as it knows the company's key."""
    rules = {
        "quiet_hours": None, "sms_sundays": True, "sms_holidays": True,
        "cap_hours": 0, "relational_distance_days": 0, "ask_with_open_case": True,
    }  # fmt: skip
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=origin, headers=headers, trust_env=False) as client:
        while (
            answer := client.put("/v1/contact-policy", json=rules)
        ).status_code == httpx.codes.UNAUTHORIZED:
            time.sleep(0.1)
    assert answer.is_success, answer.text
