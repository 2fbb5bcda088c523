"""Every route of every service, as a list of requests."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from support.companies import Company, World

PUBLIC = (
    "/login",
    "/s/",
    "/in-page.js",
    "/settings/notices/worker.js",
    "/settings/notices/app.webmanifest",
    "/q/",
    "/u/",
    # Whoever has the link of a screen, or a mail, may open what it is of.
    "/wall/",
    "/views/stop/",
    "/static/",
    "/openapi/",
    "/healthz",
    "/readyz",
    "/metrics",
    # Providers prove themselves otherwise.
    "/v1/bounces/",
    "/v1/texts/",
)
"""Beginnings of the paths that need no key and no session."""


@dataclass(frozen=True)
class Route:
    """One method of one route of a service, with the names of what can be sent to it."""

    service: str
    method: str
    pattern: str
    path: str
    query: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method} {self.pattern}"

    @property
    def is_public(self) -> bool:
        return self.pattern.startswith(PUBLIC)

    @property
    def is_stream(self) -> bool:
        return self.pattern.endswith("/live") and self.pattern != "/surveys/live"


def query_names(dependant: Dependant) -> list[str]:
    """The parameters that a route reads from the query, by itself and by what it depends on."""
    names = [field.alias for field in dependant.query_params]
    for each in dependant.dependencies:
        names += query_names(each)
    return list(dict.fromkeys(names))


def routes_of(world: World, company: Company) -> Iterator[Route]:
    """Every route of every service, with this company's things in its path."""
    things = {
        "survey_id": company.survey,
        "import_id": company.imported,
        "provider": "mailgun",
        "suppression_id:path": company.suppression,
        "event_id": company.event,
        "case": company.case,
        "action": company.improvement,
        "mark": company.mark,
        "benchmark": company.benchmark,
        "pair": company.pair,
        "token": company.token("answer"),
        "owner": "shared",
        "digest": "0",
        "name": "afterword.css",
    }
    for service in world.clients:
        for route in iter_route_contexts(world.app(service).routes):
            path = str(route.path)
            for name, thing in things.items():
                path = path.replace(f"{{{name}}}", str(thing))
            dependant = getattr(route, "dependant", None)
            query = tuple(query_names(dependant)) if dependant is not None else ()
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield Route(service, method, str(route.path), path, query)
