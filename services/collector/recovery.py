"""How the collector recovers when its database was restored from an older backup: it reads its own topic."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from uuid import UUID

from services.collector.repository import share_links
from services.collector.repository.answers import lock_answers_after, put_answers
from services.collector.suspicion import published, restored
from services.collector.totals.recovery import OWNED_TOTALS, READ_TOTALS
from shared.db.database import UnitOfWork
from shared.events import ANSWERS, AUDIT, Answer, AuditLine, Event
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned, Recovery
from shared.service import Context

LOST = (
    "Which links were followed without an answer, and which links of anonymous surveys were answered, as far "
    "as that was since the backup, is gone: such a customer can answer again. Share links that were made "
    "since then are gone, and the others count what they had then and have the name, segments and limits of "
    "then; those that were paused or ended are so. Make the missing ones again, and print them anew."
)


async def restore_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Write each answer, one version after the other, so that the history gets each earlier one."""
    versions: defaultdict[tuple[str, UUID], list[Event[Answer]]] = defaultdict(list)
    for event in events:
        versions[event.tenant, event.data.id].append(event)
    for same_round in zip_longest(*versions.values()):
        by_tenant: defaultdict[str, list[Answer]] = defaultdict(list)
        for event in filter(None, same_round):
            by_tenant[event.tenant].append(restored(event.data))
        for tenant, answers in sorted(by_tenant.items()):
            await put_answers(uow, tenant, answers)


async def answers_page(
    uow: UnitOfWork, after: Cursor | None, most: int
) -> tuple[list[tuple[str, Answer]], Cursor | None]:
    """The next answers as they are now, and where to go on."""
    answers = await lock_answers_after(uow, after, most)
    events = [(tenant, published(answer)) for tenant, answer in answers]
    return events, (answers[-1][0], answers[-1][1].id) if len(answers) == most else None


async def restore_states(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """A share link that was paused or ended since the backup is so again; a newer change of it stays."""
    newest: dict[tuple[str, UUID], AuditLine] = {}
    for event in events:
        line = event.data
        if line.act == "share_link_changed" and line.about is not None and "state" in line.facts:
            key = event.tenant, UUID(line.about)
            if key not in newest or newest[key].at <= line.at:
                newest[key] = line
    states = [(*key, str(line.facts["state"]), line.at) for key, line in sorted(newest.items())]
    await share_links.restore_states(uow, states)


def recovery(context: Context) -> Recovery:  # noqa: ARG001  (one signature for all services)
    """What the collector reads again, and what it can publish again."""
    return Recovery(
        owned=(Owned(ANSWERS, answers_page), OWNED_TOTALS),
        reads=(Subscription(ANSWERS, restore_answers), READ_TOTALS, Subscription(AUDIT, restore_states)),
        lost=LOST,
    )
