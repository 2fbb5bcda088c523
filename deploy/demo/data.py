"""The two real data sets: downloaded once through pip by their hashes, kept in the cache, never committed."""

import fcntl
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from deploy.local.state import CACHE

DATA_FOLDER = CACHE / "demo"
PURCHASES_FILE = DATA_FOLDER / "CDNOW_master.txt"
SENTENCES_FILE = DATA_FOLDER / "amazonReviewSnippets_GroundTruth.txt"
LOCKS_FOLDER = Path(__file__).parent

WHEEL_MEMBER = f"lifetimes/datasets/{PURCHASES_FILE.name}"
SDIST_MEMBER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
INNER_MEMBER = f"hutto_ICWSM_2014/{SENTENCES_FILE.name}"


class FetchError(Exception):
    """The data could not be downloaded. The message holds pip's output."""


def is_fetched() -> bool:
    return PURCHASES_FILE.exists() and SENTENCES_FILE.exists()


def fetch(on_step: Callable[[str], None]) -> None:
    """Download both files into the cache; concurrent callers wait for the first.

    :raises FetchError: when pip fails.
    """
    DATA_FOLDER.mkdir(parents=True, exist_ok=True)
    with (CACHE / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_fetched():
            return
        on_step("Fetching the demo's data, once (3 MB): purchases of CDNOW, sentences of reviews")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _download(folder)
            _store(PURCHASES_FILE, _purchases(folder))
            _store(SENTENCES_FILE, _sentences(folder))


def _download(folder: Path) -> None:
    build = folder / "build"
    _pip(
        *("install", "--target", str(build), "--only-binary", ":all:"),
        *("-r", str(LOCKS_FOLDER / "requirements-build.lock")),
    )
    # pip runs the setup.py of a source archive to learn its name: here with the setuptools of our lock, since
    # an isolated build environment would download the newest.
    _pip(
        *("download", "--dest", str(folder), "--no-build-isolation"),
        *("--only-binary", "lifetimes", "--no-binary", "vaderSentiment"),
        *("-r", str(LOCKS_FOLDER / "requirements.lock")),
        path=build,
    )


def _pip(*arguments: str, path: Path | None = None) -> None:
    done = subprocess.run(  # noqa: S603  (a fixed command)
        (
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"),
            *(*arguments, "--no-deps", "--require-hashes", "--quiet"),
        ),
        env={**os.environ, **({"PYTHONPATH": str(path)} if path else {})},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise FetchError(f"The demo's data could not be fetched; pip said:\n{done.stdout}")


def _purchases(folder: Path) -> bytes:
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(WHEEL_MEMBER)


def _sentences(folder: Path) -> bytes:
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as outer:
        inner = _member(outer, SDIST_MEMBER)
    with tarfile.open(fileobj=BytesIO(inner)) as archive:
        return _member(archive, INNER_MEMBER)


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise FetchError(f"{name} is not a file in its archive")
    return file.read()


def _store(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(content)
    unfinished.replace(path)
