"""A schema registry on this machine."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@contextmanager
def a_registry(schemas: Mapping[int, Any]) -> Iterator[str]:
    """The address of a registry with these schemas by their ids, while the block runs; of others it knows nothing."""
    bodies = {
        f"/schemas/ids/{id_}": json.dumps({"schema": json.dumps(schema)}).encode()
        for id_, schema in schemas.items()
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies.get(self.path, b'{"error_code": 40403, "message": "Schema not found"}')
            self.send_response(200 if self.path in bodies else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """No line for each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
