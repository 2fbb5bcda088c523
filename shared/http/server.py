"""The HTTP server inside a process whose signals and loops are somebody else's."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from shared.errors import FatalError
from shared.http.connection_limits import BoundedConnection, ConnectionLimits

GRACE_SECONDS = 5


class CannotListen(FatalError, OSError):
    """The port or the address is not to be had."""


class ServerDied(Exception):
    """The server ended, or never began, without being asked to stop: the log says why."""


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
    """Serve until ``stopping`` is set; open requests get five seconds, then connections are closed.

    Connections that are slow, idle or too many are ended within ``limits``. What a trusted proxy says of who
    called, and whether encrypted, becomes the request's own.

    :raises CannotListen: when the port is taken.
    :raises ServerDied: when the application did not start.
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
        timeout_graceful_shutdown=GRACE_SECONDS,
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
            # How uvicorn tells that the application's start failed; ending the process is not its to decide.
            raise ServerDied from error
        finally:
            waiter.cancel()
    if not stopping.is_set():
        raise ServerDied


def _listening(host: str, port: int) -> socket.socket:
    """A bound socket. It names its protocol, without which asyncio's own loop leaves Nagle's delay on."""
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
