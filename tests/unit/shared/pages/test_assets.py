"""Files are sent packed to whoever takes that, and are the same either way."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from shared.pages.assets import Assets

LONG = "p { color: #123456; }\n" * 200


async def fetched(tmp_path: Path, name: str, accepted: str) -> httpx.Response:
    """A file, and how it came over the wire."""
    (tmp_path / "long.css").write_text(LONG)
    (tmp_path / "short.css").write_text("p {}")
    assets = Assets({"own": tmp_path})
    app = FastAPI()
    app.add_api_route("/static/{owner}/{digest}/{name}", assets.respond)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test.example") as client:
        return await client.get(assets.url(name), headers={"accept-encoding": accepted})


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.00, identity", False),
        ("identity", False),
        ("", False),
        ("x-gzipped", False),
    ],
)
async def test_a_file_is_packed_for_whoever_takes_it(tmp_path: Path, accepted: str, *, packed: bool) -> None:
    answer = await fetched(tmp_path, "long.css", accepted)
    assert answer.text == LONG
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert (answer.num_bytes_downloaded < len(LONG) // 2) is packed
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_what_packing_makes_no_smaller_is_sent_as_it_is(tmp_path: Path) -> None:
    answer = await fetched(tmp_path, "short.css", "gzip")
    assert answer.text == "p {}"
    assert "content-encoding" not in answer.headers
