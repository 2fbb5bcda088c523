"""A schema registry on this machine: what of Confluent's API registers schemas, and reads them."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote, unquote

import httpx

Answer = tuple[int, Mapping[str, Any]]
_VERSIONS = re.compile(r"/subjects/([^/]+)/versions")
_VERSION = re.compile(r"/subjects/([^/]+)/versions/(\d+)")
_SCHEMA = re.compile(r"/schemas/ids/(\d+)")


@dataclass
class _Schemas:
    """The schemas of a registry, and their versions by subject."""

    by_id: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    subjects: dict[str, list[int]] = field(default_factory=dict)

    def register(self, subject: str, body: Mapping[str, Any]) -> Answer:
        known = [id_ for id_, each in self.by_id.items() if each == body]
        id_ = known[0] if known else len(self.by_id) + 1
        self.by_id[id_] = body
        versions = self.subjects.setdefault(subject, [])
        if id_ not in versions:
            versions.append(id_)
        return 200, {"id": id_}

    def schema(self, id_: int) -> Answer:
        found = self.by_id.get(id_)
        return (200, found) if found else (404, {"error_code": 40403, "message": "Schema not found"})

    def version(self, subject: str, number: int) -> Answer:
        if subject not in self.subjects:
            return 404, {"error_code": 40401, "message": "Subject not found"}
        if not 0 < number <= len(self.subjects[subject]):
            return 404, {"error_code": 40402, "message": "Version not found"}
        id_ = self.subjects[subject][number - 1]
        return 200, {"subject": subject, "version": number, "id": id_, **self.by_id[id_]}

    def answer(self, path: str, body: Mapping[str, Any] | None) -> Answer:
        if body is not None and (found := _VERSIONS.fullmatch(path)):
            return self.register(unquote(found[1]), body)
        if found := _SCHEMA.fullmatch(path):
            return self.schema(int(found[1]))
        if found := _VERSION.fullmatch(path):
            return self.version(unquote(found[1]), int(found[2]))
        return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}


@contextmanager
def answering(answer: Callable[[str, Mapping[str, Any] | None], Answer]) -> Iterator[str]:
    """The address of a server while the block runs.

    :param answer: gives the status and the JSON for a path, and for the JSON that was posted to it.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Mapping[str, Any] | None) -> None:
            status, answered = answer(self.path.partition("?")[0], body)
            encoded = json.dumps(answered).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *_: Any) -> None:
            """No line for each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def a_registry(schemas: Mapping[int, Any] | None = None) -> Iterator[str]:
    """The address of a registry while the block runs.

    :param schemas: Avro schemas that it has from the beginning, by their ids.
    """
    kept = _Schemas({id_: {"schema": json.dumps(each)} for id_, each in (schemas or {}).items()})
    with answering(kept.answer) as address:
        yield address


def register(
    registry: str, subject: str, schema: Any, kind: str = "AVRO", references: Sequence[Mapping[str, Any]] = ()
) -> int:
    """Register a schema as a producer does; returns its id."""
    body = {"schema": json.dumps(schema), "schemaType": kind, "references": list(references)}
    at = f"{registry}/subjects/{quote(subject, safe='')}/versions"
    answer = httpx.post(at, json=body, trust_env=False)
    assert answer.status_code == httpx.codes.OK, answer.text
    return int(answer.json()["id"])


def a_reference(name: str, subject: str, version: int = 1) -> dict[str, Any]:
    """That a name is defined by a version of a subject."""
    return {"name": name, "subject": subject, "version": version}
