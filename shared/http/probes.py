"""A worker's only door: /healthz, /readyz and /metrics, without a web framework."""

from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime import Health


def probes(health: Health) -> ASGIApp:
    """Answers for the loops of this process: 503 and what is wrong, or 200."""

    def answer(path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest()
        if path not in {"/healthz", "/readyz"}:
            return 404, "text/plain", b"A worker answers /healthz, /readyz and /metrics only."
        faults, word = (health.alive(), "alive") if path == "/healthz" else (health.ready(), "ready")
        told: dict[str, Any] = {"status": "no" if faults else word, "missing": faults}
        if path == "/readyz" and (noted := health.noted()):
            told["noted"] = noted
        return 503 if faults else 200, "application/json", msgspec.json.encode(told)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if scope["type"] != "http":
            return
        status, kind, body = answer(scope["path"])
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return app
