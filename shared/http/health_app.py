"""``/healthz``, ``/readyz`` and ``/metrics`` of a process: in front of an API, or alone in a worker."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest
from starlette.types import Receive, Scope, Send

from shared.health import Health

disable_created_metrics()  # type: ignore[no-untyped-call]

HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")


class HealthApp:
    """An ASGI application without a web framework, so that workers stay small.

    200, or 503 with the reasons: ``/healthz`` lists loops that only a restart helps, ``/readyz`` what the
    process waits for.
    """

    def __init__(self, healths: Mapping[str, Health]) -> None:
        """``healths``: by the prefix of each one's lines in the answers; an empty prefix is left out."""
        self._healths = healths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        if scope["type"] != "http":
            return
        status, content_type, body = self._answer(scope["path"])
        headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        match path:
            case "/metrics":
                return 200, CONTENT_TYPE_LATEST, generate_latest()
            case "/healthz":
                return _report("alive", self._lines(lambda health: health.stalled()))
            case "/readyz":
                warnings = self._lines(lambda health: health.warnings())
                return _report("ready", self._lines(lambda health: health.unready()), warnings)
            case _:
                return 404, "text/plain", f"Only {', '.join(HEALTH_PATHS)} are answered here.".encode()

    def _lines(self, lines_of: Callable[[Health], Iterable[str]]) -> list[str]:
        return [
            f"{name}: {line}" if name else line
            for name, health in self._healths.items()
            for line in lines_of(health)
        ]


def _report(good: str, faults: list[str], warnings: Iterable[str] = ()) -> tuple[int, str, bytes]:
    report: dict[str, Any] = {"status": "no" if faults else good, "missing": faults}
    if warnings:
        report["noted"] = warnings
    return 503 if faults else 200, "application/json", msgspec.json.encode(report)
