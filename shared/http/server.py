"""The HTTP server, in a process that handles signals and runs loops of its own."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from shared.errors import FatalError
from shared.http.connection_limits import BoundedConnection, ConnectionLimits

STOP_GRACE_S = 5


class CannotListen(FatalError, OSError):
    """The port is taken, or the address is not this machine's."""


class ServerDied(Exception):
    """The server ended without being asked to, or did not start; the log has the reason."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: ASGIApp,
    port: int,
    stopping: asyncio.Event,
    *,
    host: str = "127.0.0.1",
    trusted_proxies: str = "127.0.0.1",
    limits: ConnectionLimits | None = None,
) -> None:
    """Serve until ``stopping`` is set. Running requests then get some seconds before connections are closed.

    Slow, idle and surplus connections end as ``limits`` says. The client address and the scheme that a
    trusted proxy forwards become the request's own.

    :raises CannotListen: when the port is taken.
    :raises ServerDied: when the application does not start.
    """
    config = uvicorn.Config(
        app,
        http=partial(BoundedConnection, limits=limits or ConnectionLimits(), waiting={}),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=STOP_GRACE_S,
    )
    server = _Server(config)
    with closing(_listening(host, port)) as listener:

        async def stop() -> None:
            await stopping.wait()
            server.should_exit = True

        waiter = asyncio.create_task(stop(), name="http stop")
        try:
            await server.serve(sockets=[listener])
        except SystemExit as error:
            # uvicorn exits when the application fails to start; whether the process ends is decided by its
            # caller.
            raise ServerDied from error
        finally:
            waiter.cancel()
    if not stopping.is_set():
        raise ServerDied


def _listening(host: str, port: int) -> socket.socket:
    """A bound socket. With the protocol named, asyncio's own loop, too, turns Nagle's delay off."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"{host}:{port} is not to be had: {(error.strerror or 'no address').lower()}. End what listens "
            "there, or choose another with --port (an API), --health-port (a worker, a sender) or --host."
        ) from error
    return listener
