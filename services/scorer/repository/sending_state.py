"""Reads how far a company is with its surveys, of which the scorer keeps a replica."""

from typing import NamedTuple

from shared.db.database import UnitOfWork
from shared.events.surveys import NO_TRIGGER


class SendingState(NamedTuple):
    """Whether sending is a test or stopped, and which first steps are done."""

    test: bool
    stopped: bool
    surveys: int
    survey_name: str | None
    trigger: str | None
    """Of a survey that asks about events; None: there is none."""
    invited: bool
    counted: bool
    """An answer counts."""
    tried: bool
    """An answer came that does not count, such as a test answer."""


# A company is in test mode until it changes that: the same as `shared.tenancy.sending`, in one round trip.
# `tried` matters only until an answer counts, and is not looked up after that: no index finds such an answer
# among millions.
READ_SENDING_STATE = f"""
    WITH newest AS (
        SELECT DISTINCT ON (id) name, trigger
        FROM survey
        WHERE tenant = :tenant
        ORDER BY id, survey_version DESC
    )
    SELECT coalesce((SELECT mode = 'test' FROM sending_copy WHERE tenant = :tenant), true) AS test,
           coalesce((SELECT stopped FROM sending_copy WHERE tenant = :tenant), false) AS stopped,
           count(*) AS surveys,
           min(name) AS survey_name,
           min(trigger) FILTER (WHERE trigger <> '{NO_TRIGGER}') AS trigger,
           EXISTS (SELECT FROM invitation WHERE tenant = :tenant AND version > 0) AS invited,
           EXISTS (SELECT FROM day_count WHERE tenant = :tenant) AS counted,
           CASE WHEN EXISTS (SELECT FROM day_count WHERE tenant = :tenant) THEN true
                ELSE EXISTS (SELECT FROM answer WHERE tenant = :tenant AND score IS NULL)
           END AS tried
    FROM newest
"""


async def read_sending_state(uow: UnitOfWork, tenant: str) -> SendingState:
    """How the tenant sends, and what its surveys have led to so far."""
    row = await uow.execute(READ_SENDING_STATE, {"tenant": tenant})
    return SendingState._make(row.one())
