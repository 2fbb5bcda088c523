"""Style sheets, scripts and the mark: addressed by their content, so a browser keeps them for ever."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from shared.http.problems import Problem

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
FOR_EVER = "public, max-age=31536000, immutable"
_DIGITS = 16


class Folder(NamedTuple):
    """Whose files, and where they lie."""

    name: str
    folder: Path


SHARED = Folder("shared", Path(__file__).parent / "static")


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    digest: str
    type: str


class Assets:
    """All files of some folders, read once. Their addresses are ``/static/<owner>/<digest>/<name>``."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._files: dict[tuple[str, str], _File] = {}
        for owner, folder in folders.items():
            for path in sorted(folder.glob("*")) if folder.is_dir() else ():
                if path.suffix in TYPES:
                    content = path.read_bytes()
                    digest = hashlib.sha256(content).hexdigest()[:_DIGITS]
                    self._files[owner, path.name] = _File(content, digest, TYPES[path.suffix])
        self._owners = {name: owner for owner, name in reversed(self._files)}

    def url(self, name: str) -> str:
        """The address of a file; a service's own file goes before a shared one of the same name."""
        owner = self._owners[name]
        return f"/static/{owner}/{self._files[owner, name].digest}/{name}"

    async def respond(self, request: Request) -> Response:
        """The file, for ever; another digest than today's is an address that we no longer have."""
        owner, digest, name = (request.path_params[part] for part in ("owner", "digest", "name"))
        file = self._files.get((owner, name))
        if file is None or file.digest != digest:
            raise Problem(404)
        return Response(file.content, media_type=file.type, headers={"Cache-Control": FOR_EVER})
