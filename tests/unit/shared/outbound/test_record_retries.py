"""Recording what became of a message is tried again while that may help, and hurried while the process stops."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError

from shared.ids import uuid7
from shared.outbound import record_retries
from shared.outbound.deliveries import Delivery
from shared.outbound.record_retries import RecordRetries

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
DELIVERY = Delivery(
    tenant="havnbo",
    about_id=uuid7(),
    n=1,
    kind="notice",
    channel="push",
    attempts=0,
    refusals=0,
    lease_until=NOW,
)


@pytest.mark.parametrize(
    ("error", "late", "helps"),
    [
        (SQLAlchemyError(), timedelta(0), True),
        (SQLAlchemyError(), timedelta(seconds=1), False),
        (ValueError(), timedelta(0), False),
    ],
)
def test_an_outcome_is_recorded_again_while_its_lease_holds_and_the_error_may_pass(
    error: Exception, late: timedelta, helps: bool
) -> None:
    assert RecordRetries(DELIVERY, lambda: NOW + late).may_help(error) is helps


async def test_a_process_that_stops_records_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has seconds left: a pause as long as usual would leave the outcome unknown."""
    monkeypatch.setattr(record_retries, "HURRIED_RETRY_S", 0.01)
    stopping = asyncio.Event()
    stopping.set()
    retries = RecordRetries(DELIVERY, lambda: NOW)
    async with asyncio.timeout(1):
        for _ in range(10):
            await retries.wait(stopping)
