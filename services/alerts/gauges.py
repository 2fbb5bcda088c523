"""The gauges of mails to colleagues (due, being sent, since when, whether they leave) and of deadlines."""

from services.alerts.cases.changes import CASE_DEADLINE
from services.alerts.cases.repository.answers import QUIET_DEADLINE
from shared.db.database import UnitOfWork
from shared.db.deadlines import measure_deadlines
from shared.outbound.gauges import set_gauges


async def measure(uow: UnitOfWork) -> None:
    """Set all of them."""
    await set_gauges(uow, "alerts")
    await measure_deadlines(uow, "alerts", (CASE_DEADLINE, QUIET_DEADLINE))
