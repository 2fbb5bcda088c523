"""The kinds of process: API, worker, sender and (of the dispatcher) bounces.

There may be as many of each as the load requires.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from shared.db.schema_check import SchemaCheck
from shared.http.health_app import HealthApp
from shared.http.server import serve
from shared.kafka.kernel import BatchConsumer, Relay
from shared.kafka.ops.metrics_loop import MetricsLoop
from shared.kafka.ops.restore_guard import RestoreGuard
from shared.privacy.erasing import measure_erasing
from shared.privacy.left_companies import LEFT_COMPANIES_LOOP, measure_left_companies
from shared.privacy.retention_loop import RETENTION_LOOP, RetentionRun, measure_retention
from shared.runtime import Loop, after, run_loops
from shared.service import Context, Loops, Service, open_context, read_settings
from shared.telemetry.logging import configure_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import FastAPI


async def run_api(services: "Sequence[Service]", port: int, host: str, stopping: asyncio.Event) -> None:
    """Serve one service's API, or those of several behind one origin."""
    from shared.http.path_router import route_by_path  # noqa: PLC0415  (a worker stays without the web framework)

    afterword, owns = read_settings(services)
    configure_logging(afterword.log, service=services[0].name if len(services) == 1 else "all")
    async with AsyncExitStack() as stack:
        apps: dict[str, FastAPI] = {}
        loops: dict[str, Loop] = {}
        for service, own in zip(services, owns, strict=True):
            context = await open_context(service, stopping, afterword, own, process="api")
            stack.push_async_callback(context.database.close)
            schema = SchemaCheck(context.database, service.name, context.health)
            app, beside = service.api(replace(context, started=schema.ready))
            apps[service.name] = app
            loops[f"{service.name} database"] = schema.run
            always: Loops = {
                "keys": context.keys.run,
                "key uses": context.keys.run_uses,
                "changes": context.changes.run,
            }
            for name, loop in {**always, **beside}.items():
                loops[f"{service.name} {name}"] = after(schema.ready, loop)
        served = route_by_path(apps, {service.name: service.paths for service in services})

        async def http(stop: asyncio.Event) -> None:
            await serve(served, port, stop, host=host, trusted_proxies=afterword.trusted_proxies)

        await run_loops({**loops, "http": http}, stopping)


async def run_worker(
    service: Service, port: int, host: str, stopping: asyncio.Event, *, sending: bool = True
) -> None:
    """Consume, run the loops by the clock, relay, and send mail unless other processes do.

    More workers than its topics have partitions are of no use to a service.
    """

    def worker_loops(context: Context) -> Loops:
        probe = context.probe(service.topics)
        data = service.personal_data
        gauges = list(service.gauges)
        gauges += [partial(measure_erasing, service=service.name)] if data else []
        gauges.append(partial(measure_left_companies, service=service.name))
        gauges += [partial(measure_retention, service=service.name)] if service.retention else []
        metrics = MetricsLoop(
            context.database,
            service.name,
            service.consumed_topics,
            context.afterword.kafka,
            context.health,
            gauges,
        )
        consumers = {
            f"consumer {subscription.topic.name}": BatchConsumer(
                context.database, service.name, subscription, context.afterword.kafka, context.health
            ).run
            for subscription in service.consumed(context)
        }
        relay = Relay(context.database, service.name, context.afterword.kafka, context.health)
        erasing = service.erasing(context, data).loops if data else {}
        loops = {
            **{name: after(probe.ready, loop) for name, loop in {**consumers, "relay": relay.run}.items()},
            **service.worker_loops(context),
            **_retention_loops(service, context),
            LEFT_COMPANIES_LOOP: service.erasing_companies(context).loop,
            **erasing,
            **(service.sender_loops(context) if sending and service.sender_loops else {}),
        }
        return {"probe": probe.run, "metrics": metrics.run, **_after_checks(service, context, loops)}

    await _run(service, "worker", worker_loops, port, host, stopping)


def _retention_loops(service: Service, context: Context) -> Loops:
    """The loop that removes what is too old, where the service keeps anything for a time."""
    if not service.retention:
        return {}
    run = RetentionRun(service.name, service.retention, context.database, context.health, context.stopping)
    return {RETENTION_LOOP: run.loop.run}


async def run_sender(service: Service, port: int, host: str, stopping: asyncio.Event) -> None:
    """Send mail, and nothing else. It needs Kafka only at its start, for the restore guard."""
    sender_loops = service.sender_loops
    if sender_loops is None:
        raise ValueError(f"{service.name} sends no mail")

    def loops(context: Context) -> Loops:
        return _after_checks(service, context, sender_loops(context))

    await _run(service, "sender", loops, port, host, stopping)


async def run_receiver(service: Service, port: int, host: str, stopping: asyncio.Event) -> None:
    """Take mails that come back, and nothing else. It needs Kafka only at its start, as a sender."""
    receiver_loops = service.receiver_loops
    if receiver_loops is None:
        raise ValueError(f"{service.name} takes no mail")

    def loops(context: Context) -> Loops:
        return _after_checks(service, context, receiver_loops(context))

    await _run(service, "bounces", loops, port, host, stopping)


def _after_checks(service: Service, context: Context, loops: Loops) -> Loops:
    """These loops, which begin once the database has the revision that this code needs, and is known to
    contain all that was published from it.
    """
    schema = SchemaCheck(context.database, service.name, context.health)
    if service.own_topics:
        guard = RestoreGuard(
            context.database, service.name, service.own_topics, context.afterword.kafka, context.health
        )
        waiting = {name: after(guard.ready, loop) for name, loop in loops.items()}
        loops = {"restore guard": guard.run, **waiting}
    return {"database": schema.run, **{name: after(schema.ready, loop) for name, loop in loops.items()}}


async def _run(
    service: Service,
    process: str,
    loops: "Callable[[Context], Loops]",
    port: int,
    host: str,
    stopping: asyncio.Event,
) -> None:
    afterword, (own,) = read_settings([service])
    configure_logging(afterword.log, service=service.name)
    context = await open_context(service, stopping, afterword, own, process=process)

    async def http(stop: asyncio.Event) -> None:
        await serve(HealthApp({"": context.health}), port, stop, host=host)

    try:
        await run_loops({"http": http, **loops(context)}, stopping)
    finally:
        await context.database.close()
