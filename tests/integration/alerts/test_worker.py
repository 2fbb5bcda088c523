"""Worker and sender on a real broker: from an answer on its topic to the case on its own and the mail."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, an_answer, an_invitation, rows
from support.eventually import eventually
from support.http_clients import SECRET
from support.servers import free_port
from support.stack import Mailbox
from support.topics import create_topics

from services.alerts.app import SERVICE
from shared.events import ANSWERS, CASES, INVITATIONS, Data, Topic
from shared.kafka.kernel.clients import new_admin
from shared.process import run_sender, run_worker


@pytest.fixture
async def processes(
    alerts: AlertsApi, kafka: str, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    settings = {
        "AFTERWORD_KAFKA": kafka,
        "AFTERWORD_TOPIC_PARTITIONS": "1",
        "AFTERWORD_PUBLIC_URL": "http://127.0.0.1:1",
        "AFTERWORD_STAFF_URL": "http://127.0.0.1:1",
        "AFTERWORD_SECRET": SECRET,
        "AFTERWORD_SMTP_URL": mailbox.smtp_url,
        "ALERTS_DATABASE_URL": alerts.database.url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    admin = new_admin(kafka)
    await admin.start()
    await create_topics(admin, SERVICE.dead_letter_topics, replication=1)
    await admin.close()
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as processes:
        processes.create_task(run_worker(SERVICE, free_port(), "127.0.0.1", stopping, sending=False))
        processes.create_task(run_sender(SERVICE, free_port(), "127.0.0.1", stopping))
        yield
        stopping.set()


async def publish(alerts: AlertsApi, topic: Topic[Any], thing: Data) -> None:
    """Publish what another service would, through an outbox that the worker's relay empties."""
    async with alerts.database.transaction() as uow:
        uow.publish(topic, TENANT, thing)


async def test_an_answer_on_its_topic_becomes_a_case_on_its_own_and_one_mail(
    alerts: AlertsApi, processes: None, kafka: str, mailbox: Mailbox
) -> None:
    person = await alerts.person()
    answer = an_answer()
    for _ in range(3):
        await publish(alerts, ANSWERS, answer)
    await publish(alerts, INVITATIONS, an_invitation(answer))
    await eventually(lambda: mailbox.mails(to=person.address), within=30)
    await eventually(lambda: rows(alerts.database, "SELECT 1 FROM invitation"), within=30)
    (case,) = await rows(alerts.database, "SELECT id, version FROM cases")
    consumer = AIOKafkaConsumer(CASES.name, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            event = CASES.decode((await anext(consumer)).value)
            while event.data.id != case.id:
                event = CASES.decode((await anext(consumer)).value)
    finally:
        await consumer.stop()
    assert (event.tenant, event.data.answer_id, event.data.version) == (TENANT, answer.id, case.version)
    assert len(await mailbox.mails(to=person.address)) == 1
