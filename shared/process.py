"""The three kinds of process: an API, a worker, a sender. Each may run as often as the load asks for."""

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from shared.http.probes import probes
from shared.http.server import serve
from shared.kafka import BatchConsumer, Probe, Relay
from shared.runtime import Loop, run_loops
from shared.service import Context, Loops, Service, open_context, read_settings
from shared.telemetry.logging import configure_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import FastAPI


async def run_api(services: "Sequence[Service]", port: int, host: str, stopping: asyncio.Event) -> None:
    """Serve one service's API, or those of several behind one origin."""
    from shared.http.combined import combine  # noqa: PLC0415  (a worker stays without the web framework)

    afterword, owns = read_settings(services)
    configure_logging(afterword.log, service=services[0].name if len(services) == 1 else "all")
    async with AsyncExitStack() as stack:
        apps: dict[str, FastAPI] = {}
        loops: dict[str, Loop] = {}
        for service, own in zip(services, owns, strict=True):
            context = await open_context(service, stopping, afterword, own, process="api")
            stack.push_async_callback(context.database.close)
            app, beside = service.api(context)
            apps[service.name] = app
            loops[f"{service.name} keys"] = context.keys.run
            loops |= {f"{service.name} {name}": loop for name, loop in beside.items()}
        served = combine(apps, {service.name: service.paths for service in services})

        async def http(stop: asyncio.Event) -> None:
            await serve(served, port, stop, host=host)

        await run_loops({**loops, "http": http}, stopping)


async def run_worker(
    service: Service, port: int, host: str, stopping: asyncio.Event, *, sending: bool = True
) -> None:
    """Hear, act by the clock, relay, and send unless senders of their own do; as many as there are
    partitions.
    """

    def loops(context: Context) -> Loops:
        consumers = {
            f"consumer {subscription.topic.name}": BatchConsumer(
                context.database, service.name, subscription, context.afterword.kafka, context.health
            ).run
            for subscription in service.subscriptions
        }
        return {
            **consumers,
            "relay": Relay(context.database, service.name, context.afterword.kafka, context.health).run,
            "probe": Probe(context.afterword.kafka, context.health).run,
            **service.worker_loops(context),
            **(service.sender_loops(context) if sending and service.sender_loops else {}),
        }

    await _run(service, "worker", loops, port, host, stopping)


async def run_sender(service: Service, port: int, host: str, stopping: asyncio.Event) -> None:
    """Send mail, and nothing else: what is due stands in the database, so Kafka is not needed."""
    if service.sender_loops is None:
        raise ValueError(f"{service.name} sends no mail")
    await _run(service, "sender", service.sender_loops, port, host, stopping)


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
        await serve(probes(context.health), port, stop, host=host)

    try:
        await run_loops({"http": http, **loops(context)}, stopping)
    finally:
        await context.database.close()
