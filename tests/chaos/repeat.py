"""Topics that are consumed again, and records that are published again."""

import random

from chaos import topics
from chaos.stack import CONSUMING_SERVICES, Stack

TOPIC_OWNERS = {
    "tenants.v1": "trigger",
    "surveys.v1": "dispatcher",
    "sending.v1": "dispatcher",
    "invitations.v1": "dispatcher",
    "answers.v1": "collector",
    "cases.v1": "alerts",
    "replies.v1": "alerts",
    "case-mails.v1": "dispatcher",
}


async def delete_positions(stack: Stack) -> None:
    """Make every service consume every topic from its beginning."""
    for service in CONSUMING_SERVICES:
        async with stack.connection(service) as database:
            await database.execute("DELETE FROM position")


async def publish_again(stack: Stack, tenant: str) -> int:
    """Put the records of the topics into the outbox once more, shuffled: old versions come after new ones.

    Of every other thing its newest version is left out: a batch that held it would hide the old ones.
    """
    found = [
        record
        for record in await topics.records(stack.kafka, list(TOPIC_OWNERS), {})
        if (record.key or b"").startswith(f"{tenant}/".encode())
    ]
    newest = {(record.topic, record.key): record for record in found}
    left_out = {id(record) for number, record in enumerate(newest.values()) if number % 2}
    found = [record for record in found if id(record) not in left_out]
    random.Random(tenant).shuffle(found)
    for topic, service in TOPIC_OWNERS.items():
        async with stack.connection(service) as database:
            await database.executemany(
                "INSERT INTO outbox (topic, key, value) VALUES ($1, $2, $3)",
                [(topic, record.key, record.value) for record in found if record.topic == topic],
            )
    return len(found)
