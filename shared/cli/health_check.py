"""Whether a process of ours is well, asked from beside it, without curl and without our imports.

``python -m shared.cli.health_check PORT [readyz]`` does what ``afterword healthy`` does, for checks that run
often.
"""

import http.client
import json
import sys
from contextlib import closing

ASK_TIMEOUT_S = 4.0
HTTP_OK = 200


def find_faults(port: int, *, host: str = "127.0.0.1", ready: bool = False) -> list[str]:
    """What is wrong with the process that listens there; empty when nothing is."""
    path = "/readyz" if ready else "/healthz"
    try:
        with closing(http.client.HTTPConnection(host, port, timeout=ASK_TIMEOUT_S)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            said = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return [f"{host}:{port} does not answer: {type(error).__name__}"]
    if answer.status == HTTP_OK:
        return []
    try:
        return list(json.loads(said)["missing"])
    except (ValueError, KeyError, TypeError):
        return [f"{host}:{port}{path} answers {answer.status}; something else listens there"]


if __name__ == "__main__":
    faults = find_faults(int(sys.argv[1]), ready=sys.argv[2:] == ["readyz"])
    sys.exit("\n".join(faults) or 0)
