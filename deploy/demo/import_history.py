"""Imports the history in batches. The API recognises an answer by its id: a repetition changes nothing."""

import structlog

from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.history import History

ANSWERS_PER_BATCH = 500

log = structlog.get_logger()


class HistoryRefused(Exception):
    """The import API refused an answer of the history. The message says which and why."""


async def import_history(history: History, client: DemoClient, checkpoint: Checkpoint) -> None:
    """Import what is not imported yet.

    :raises HistoryRefused: when the API refuses an answer.
    """
    if checkpoint.progress.is_history_imported:
        return
    answers = history.answers()
    for start in range(checkpoint.progress.imported, len(answers), ANSWERS_PER_BATCH):
        batch = answers[start : start + ANSWERS_PER_BATCH]
        done = await client.post("/v1/answers/import", {"answers": batch})
        if done["refused"]:
            first = next(result for result in done["results"] if result["status"] == "refused")
            raise HistoryRefused(f"{done['refused']} answers of the history; the first: {first}")
        checkpoint.progress.imported = start + len(batch)
        checkpoint.save()
        log.info("history_imported", answers=checkpoint.progress.imported, of=len(answers))
    checkpoint.progress.is_history_imported = True
    checkpoint.save()
