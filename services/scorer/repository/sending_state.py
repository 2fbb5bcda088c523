"""Reads how far a company is with its surveys, of which the scorer keeps a replica."""

from typing import NamedTuple

from shared.db.database import UnitOfWork


class SendingState(NamedTuple):
    """Whether sending is a test or stopped, and which first steps are done."""

    test: bool
    stopped: bool
    surveys: int
    survey_name: str | None
    trigger: str | None
    invited: bool
    counted: bool
    """An answer counts."""
    tried: bool
    """An answer came that does not count, such as a test answer."""


# A company begins in test mode, before it has a survey.
# `tried` matters only until an answer counts, and is not looked up after that: no index finds such an answer
# among millions.
READ_SENDING_STATE = """
    WITH newest AS (
        SELECT DISTINCT ON (id) name, trigger, test, stopped
        FROM survey
        WHERE tenant = :tenant
        ORDER BY id, survey_version DESC
    )
    SELECT coalesce(bool_or(test), true) AS test,
           coalesce(bool_or(stopped), false) AS stopped,
           count(*) AS surveys,
           min(name) AS survey_name,
           min(trigger) AS trigger,
           EXISTS (SELECT FROM invitation WHERE tenant = :tenant) AS invited,
           EXISTS (SELECT FROM day_count WHERE tenant = :tenant) AS counted,
           CASE WHEN EXISTS (SELECT FROM day_count WHERE tenant = :tenant) THEN true
                ELSE EXISTS (SELECT FROM answer WHERE tenant = :tenant AND score IS NULL)
           END AS tried
    FROM newest
"""


async def read_sending_state(uow: UnitOfWork, tenant: str) -> SendingState:
    """The state by the newest version of each survey: a test if any is a test, stopped if any is stopped."""
    row = await uow.execute(READ_SENDING_STATE, {"tenant": tenant})
    return SendingState._make(row.one())
