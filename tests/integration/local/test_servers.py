"""The broker and the database that a local stack brings."""

from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition
from support.eventually import eventually
from support.stack import Postgres, new_state, running

from deploy.local import postgres as local_postgres
from deploy.local.state import SERVICES, State, environment, is_free


async def test_what_the_broker_acknowledged_is_read_back_with_the_time_of_its_arrival(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic("local.servers", num_partitions=1, replication_factor=1)])

        async def has_a_leader() -> bool:
            (topic,) = await admin.describe_topics(["local.servers"])
            return bool(topic["partitions"]) and topic["partitions"][0]["leader"] >= 0

        await eventually(has_a_leader)
    finally:
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait("local.servers", b"brass-lantern", timestamp_ms=1)
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition("local.servers", 0)])
        record = await consumer.getone()
    finally:
        await consumer.stop()
    assert record.value == b"brass-lantern"
    assert record.timestamp > 1


def test_only_a_server_whose_data_are_thrown_away_may_lose_them(stack_state: State) -> None:
    cluster = local_postgres.Cluster(Path("bin"), Path("data"), None)
    risky = {f"{name}={value}" for name, value in local_postgres.THROWAWAY_SETTINGS.items()}
    assert risky == {"fsync=off", "full_page_writes=off"}
    assert not {*local_postgres.program(stack_state, cluster).argv} & risky
    assert not {"fsync", "synchronous_commit", "full_page_writes"} & local_postgres.SETTINGS.keys()
    assert {*local_postgres.program(stack_state, cluster, throwaway=True).argv} >= risky


async def test_each_service_reaches_its_own_database_and_no_other(
    postgres: Postgres, stack_state: State
) -> None:
    settings = environment(stack_state)
    for service in SERVICES:
        url = settings[f"{service.upper()}_DATABASE_URL"].replace("+asyncpg", "")
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT current_database()") == service
        await connection.close()
        for other in (*SERVICES, "postgres"):
            if other != service:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await asyncpg.connect(url.rpartition("/")[0] + "/" + other)


async def test_a_wrong_password_is_refused(postgres: Postgres, stack_state: State) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1",
            port=stack_state.ports["postgres"],
            user="scorer",
            password=stack_state.passwords["trigger"],
            database="scorer",
        )


async def test_a_database_made_from_a_template_has_its_tables_and_owner(postgres: Postgres) -> None:
    template = await postgres.create_database("scorer")
    connection = await asyncpg.connect(template.replace("+asyncpg", ""))
    await connection.execute("CREATE TABLE heather (id int PRIMARY KEY)")
    await connection.close()
    copy = await postgres.create_database("scorer", template=template)
    connection = await asyncpg.connect(copy.replace("+asyncpg", ""))
    assert await connection.fetchval("SELECT count(*) FROM heather") == 0
    await connection.close()
    await postgres.drop_database(copy)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(copy.replace("+asyncpg", ""))


async def test_postgres_lives_elsewhere_if_its_user_cannot_enter_the_folder_and_keeps_its_data() -> None:
    with new_state() as state:
        state.root.chmod(0o700)
        for known in (None, "quince"):
            with running("postgres", state):
                connection = await asyncpg.connect(state.database_url("scorer").replace("+asyncpg", ""))
                assert await connection.fetchval("SHOW fsync") == "on"
                if known is None:
                    await connection.execute("CREATE TABLE kept AS SELECT 'quince' AS fruit")
                assert await connection.fetchval("SELECT fruit FROM kept") == "quince"
                await connection.close()
            assert is_free(state.ports["postgres"])
        assert state.root.stat().st_mode & 0o777 == 0o700
