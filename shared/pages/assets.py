"""Style sheets, scripts and icons, under addresses with a digest of the content: browsers may keep them."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from shared.http.problems import Problem

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
CACHE_CONTROL = "public, max-age=31536000, immutable"
_DIGEST_LENGTH = 16


class AssetFolder(NamedTuple):
    """A folder of files, and the name of their owner in addresses."""

    name: str
    folder: Path


SHARED_ASSETS = AssetFolder("shared", Path(__file__).parent / "static")


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    packed: bytes
    """The same with gzip, made once."""
    digest: str
    media_type: str


class Assets:
    """All files of some folders, read once. Their addresses are ``/static/<owner>/<digest>/<name>``."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._assets: dict[tuple[str, str], _Asset] = {}
        for owner, folder in folders.items():
            for path in sorted(folder.glob("*")) if folder.is_dir() else ():
                if path.suffix in MEDIA_TYPES:
                    content = path.read_bytes()
                    digest = hashlib.sha256(content).hexdigest()[:_DIGEST_LENGTH]
                    packed = gzip.compress(content, mtime=0)
                    media_type = MEDIA_TYPES[path.suffix]
                    self._assets[owner, path.name] = _Asset(content, packed, digest, media_type)
        self._owners = {name: owner for owner, name in reversed(self._assets)}

    def url(self, name: str) -> str:
        """The address of a file. The folders' order decides between files of the same name."""
        owner = self._owners[name]
        return f"/static/{owner}/{self._assets[owner, name].digest}/{name}"

    async def respond(self, request: Request) -> Response:
        """The file, to be kept for a year; 404 for the digest of an earlier version."""
        owner, digest, name = (request.path_params[part] for part in ("owner", "digest", "name"))
        asset = self._assets.get((owner, name))
        if asset is None or asset.digest != digest:
            raise Problem(404)
        return _response(request, asset, CACHE_CONTROL)

    def under_its_name(self, request: Request, name: str, cache_control: str) -> Response:
        """A file whose address stays the same in all versions: 304 to who has the newest one."""
        asset = self._assets[self._owners[name], name]
        etag = f'W/"{asset.digest}"'
        known = {each.strip() for each in request.headers.get("if-none-match", "").split(",")}
        response = Response(status_code=304) if etag in known else _response(request, asset, cache_control)
        response.headers.update({"ETag": etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"})
        return response


def _response(request: Request, asset: _Asset, cache_control: str) -> Response:
    headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    content = asset.content
    if len(asset.packed) < len(content) and _takes_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"], content = "gzip", asset.packed
    return Response(content, media_type=asset.media_type, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and does not refuse it by ``q=0``."""
    codings = (coding.partition(";") for coding in accepted.lower().split(","))
    refused = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*")
    return any(name.strip() == "gzip" and not refused.fullmatch(weight) for name, _, weight in codings)
