"""Three addresses for machines: alive, ready, and the figures."""

from collections.abc import Sequence
from typing import Any, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest

from shared.http.routes import Ordered

disable_created_metrics()  # type: ignore[no-untyped-call]

router = APIRouter(include_in_schema=False, route_class=Ordered)


class Health(Protocol):
    """What a process knows about itself. Each method lists what is wrong; an empty list is good."""

    def alive(self) -> list[str]:
        """Loops that have not ticked lately: only a restart helps."""
        ...

    def ready(self) -> list[str]:
        """What is missing before requests can be served: waiting helps."""
        ...

    def noted(self) -> list[str]:
        """What somebody should look at, though all goes on."""
        ...


class NotStarted:
    """The health of a service whose composition has not given one yet: alive, not ready."""

    def alive(self) -> list[str]:
        return []

    def ready(self) -> list[str]:
        return ["not started"]

    def noted(self) -> list[str]:
        return []


def health_of(request: Request) -> Health:
    """The health that the composition left in ``app.state.health``."""
    health: Health | None = getattr(request.app.state, "health", None)
    return health if health is not None else NotStarted()


def answer(faults: list[str], word: str, noted: Sequence[str] = ()) -> JSONResponse:
    """200 and the word, or 503 and what is wrong; and what should be looked at, if anything."""
    said: dict[str, Any] = {"status": "no" if faults else word, "missing": faults}
    return JSONResponse(said | ({"noted": list(noted)} if noted else {}), 503 if faults else 200)


def metrics_page() -> Response:
    """All of this process's metrics in Prometheus' text form."""
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


@router.get("/healthz")
async def healthz(request: Request) -> JSONResponse:
    return answer(health_of(request).alive(), "alive")


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    health = health_of(request)
    return answer(health.ready(), "ready", health.noted())


@router.get("/metrics")
async def metrics() -> Response:
    return metrics_page()
