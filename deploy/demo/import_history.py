"""Bringing the past along: batches through the import door, which knows each answer by its id."""

import structlog

from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.history import History

ANSWERS_PER_BATCH = 500

log = structlog.get_logger()


class HistoryRefused(Exception):
    """The import door and the history do not fit together. The message says where."""


async def import_history(history: History, doors: DemoClient, position: Checkpoint) -> None:
    """Import what is not imported yet.

    :raises NotMovedIn: when the door takes an answer as wrong.
    """
    if position.progress.has_moved_in:
        return
    answers = history.answers()
    for start in range(position.progress.imported, len(answers), ANSWERS_PER_BATCH):
        batch = answers[start : start + ANSWERS_PER_BATCH]
        done = await doors.post("/v1/answers/import", {"answers": batch})
        if done["refused"]:
            first = next(result for result in done["results"] if result["status"] == "refused")
            raise HistoryRefused(f"{done['refused']} answers of the history; the first: {first}")
        position.progress.imported = start + len(batch)
        position.save()
        log.info("history_imported", answers=position.progress.imported, of=len(answers))
    position.progress.has_moved_in = True
    position.save()
