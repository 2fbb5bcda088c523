"""``/healthz``, ``/readyz`` and ``/metrics`` of a process: in front of an API, or alone in a worker."""

from collections.abc import Mapping
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest
from starlette.types import Receive, Scope, Send

from shared.health import Health

disable_created_metrics()  # type: ignore[no-untyped-call]

HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")


class HealthApp:
    """An ASGI application without a web framework, so that workers stay light.

    200, or 503 with what is wrong: in ``/healthz`` loops that only a restart helps, in ``/readyz`` what is
    waited for.
    """

    def __init__(self, healths: Mapping[str, Health]) -> None:
        """``healths``: by the name that each answer names it by; an empty one is not named."""
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
                faults, status = (
                    self._named({name: one.stalled() for name, one in self._healths.items()}),
                    "alive",
                )
                warnings = []
            case "/readyz":
                faults, status = (
                    self._named({name: one.unready() for name, one in self._healths.items()}),
                    "ready",
                )
                warnings = self._named({name: one.warnings() for name, one in self._healths.items()})
            case _:
                return 404, "text/plain", f"Only {', '.join(HEALTH_PATHS)} are answered here.".encode()
        answer: dict[str, Any] = {"status": "no" if faults else status, "missing": faults}
        if warnings:
            answer["noted"] = warnings
        return 503 if faults else 200, "application/json", msgspec.json.encode(answer)

    @staticmethod
    def _named(lines: Mapping[str, list[str]]) -> list[str]:
        return [f"{name}: {line}" if name else line for name, of_one in lines.items() for line in of_one]
