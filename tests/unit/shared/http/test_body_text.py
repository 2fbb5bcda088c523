"""Compressed and encoded bodies: accepted, or refused with the reason."""

import gzip
import time
import zlib

import pytest
from fastapi import Request

from shared.http.body_text import MAX_BODY_BYTES, MAX_GZIP_MEMBERS, read_text
from shared.http.media_types import media_type
from shared.http.problems import Problem

TEXT = '{"name": "Køhler"}'.encode()


async def read(body: bytes, *headers: tuple[str, str]) -> bytes:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return await read_text(Request({"type": "http", "method": "POST", "headers": pairs}, receive))


async def refused(status: int, body: bytes, *headers: tuple[str, str]) -> Problem:
    with pytest.raises(Problem) as caught:
        await read(body, *headers)
    assert caught.value.status == status
    return caught.value


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"; x=y',
        "application/json; charset=US-ASCII",
        "",
    ],
)
async def test_utf_8_is_read_with_and_without_its_mark(kind: str) -> None:
    assert await read(TEXT, ("content-type", kind)) == TEXT
    assert await read(b"\xef\xbb\xbf" + TEXT, ("content-type", kind)) == TEXT


@pytest.mark.parametrize(
    "charset", ["utf-16", "UTF-16LE", "iso-8859-1", "windows-1252", "punycode", "x", "utf-7"]
)
async def test_another_charset_is_refused_by_its_name(charset: str) -> None:
    problem = await refused(415, TEXT, ("content-type", f"application/json; charset={charset}"))
    assert "UTF-8" in str(problem.detail)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
async def test_wide_characters_are_refused_by_how_they_begin(codec: str) -> None:
    await refused(415, TEXT.decode().encode(codec), ("content-type", "application/json"))


@pytest.mark.parametrize("name", ["gzip", "GZIP", " x-gzip ", "identity, gzip", "gzip,"])
async def test_gzip_is_unpacked_under_each_of_its_names(name: str) -> None:
    assert await read(gzip.compress(b"\xef\xbb\xbf" + TEXT), ("content-encoding", name)) == TEXT


async def test_gzip_in_several_members_is_one_body_and_identity_is_no_encoding() -> None:
    half = len(TEXT) // 2
    members = gzip.compress(TEXT[:half]) + gzip.compress(TEXT[half:]) + b"\0" * 8
    assert await read(members, ("content-encoding", "gzip")) == TEXT
    assert await read(TEXT, ("content-encoding", "identity")) == TEXT
    assert await read(TEXT, ("content-encoding", "")) == TEXT


@pytest.mark.parametrize(
    "name", ["gzip, gzip", "deflate", "br", "zstd", "compress", "aws-chunked", "gzip, br"]
)
async def test_another_encoding_is_refused_with_the_supported_ones(name: str) -> None:
    problem = await refused(415, gzip.compress(TEXT), ("content-encoding", name))
    assert (problem.headers or {})["Accept-Encoding"] == "gzip, identity"


async def test_two_headers_are_two_encodings() -> None:
    twice = gzip.compress(gzip.compress(TEXT))
    await refused(415, twice, ("content-encoding", "gzip"), ("content-encoding", "gzip"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        TEXT,
        gzip.compress(TEXT, mtime=0)[:-9],
        gzip.compress(TEXT, mtime=0)[:12],
        gzip.compress(TEXT, mtime=0) + b"x",
        zlib.compress(TEXT),
    ],
)
async def test_a_body_that_is_not_complete_gzip_is_refused(body: bytes) -> None:
    await refused(400, body, ("content-encoding", "gzip"))


async def test_unpacking_stops_at_what_a_request_may_carry() -> None:
    exactly = b" " * (MAX_BODY_BYTES - len(TEXT)) + TEXT
    assert await read(gzip.compress(exactly), ("content-encoding", "gzip")) == exactly
    await refused(413, gzip.compress(exactly + b" "), ("content-encoding", "gzip"))
    bomb = gzip.compress(b"\0" * 200 * MAX_BODY_BYTES)
    await refused(413, bomb, ("content-encoding", "gzip"))
    await refused(413, gzip.compress(b"x" * (MAX_BODY_BYTES // 2)) * 3, ("content-encoding", "gzip"))


async def test_a_gzip_file_of_many_members_is_refused_in_a_short_time() -> None:
    empty, whole = gzip.compress(b""), gzip.compress(TEXT)
    members = empty * (MAX_GZIP_MEMBERS - 1) + whole
    assert await read(members, ("content-encoding", "gzip")) == TEXT
    began = time.process_time()
    await refused(413, empty * (MAX_BODY_BYTES // len(empty)), ("content-encoding", "gzip"))
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "parameters",
    [
        "charset*=utf-8''utf-8",
        "charset*0*=utf-8''ut; charset*1=f-8",
        "x*=punycode''%80",
        f"x*{'9' * 5_000}=a",
        "x*0=a; x*1*=b",
        'x="',
        '"',
        "charset",
        "=;;=;",
        'x="a; charset=utf-16"',
        'x="\\"; charset=utf-8',
    ],
)
async def test_what_is_no_parameter_of_a_media_type_is_passed_over(parameters: str) -> None:
    assert await read(TEXT, ("content-type", f"application/json; {parameters}")) == TEXT


@pytest.mark.parametrize("unit", [";", '";', ';"', ';a="', ';a="\\', ";a=", ';a="\\"', "; ", ";a*0=", "\\"])
def test_a_media_type_is_read_in_linear_time(unit: str) -> None:
    header = "application/json; " + '"' + unit * (200_000 // len(unit))
    began = time.process_time()
    assert media_type(header)[0] == "application/json"
    assert time.process_time() - began < 1.0


def test_quoted_parameters_are_unquoted() -> None:
    found = media_type('Application/JSON ; Charset="UTF-8"; x="a\\"; b=c"; y = z')
    assert found == ("application/json", {"charset": "UTF-8", "x": 'a"; b=c', "y": "z"})
