"""Two files are kept of what pip brings, and the locks name hashes and no place to fetch from."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from deploy.demo import data

CDNOW, REVIEWS = b"customer_id date number_of_cds dollar_value\n", b"1_1\t-0.9\ta sentence\n"


def tar(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def bring(folder: Path) -> None:
    """What pip would bring."""
    with zipfile.ZipFile(folder / "Lifetimes-0.11.3-py3-none-any.whl", "w") as wheel:
        wheel.writestr(data.WHEEL_MEMBER, CDNOW)
    inner = tar(data.INNER_MEMBER, REVIEWS)
    (folder / "vaderSentiment-3.3.2.tar.gz").write_bytes(tar(data.SDIST_MEMBER, inner))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(data, "CACHE", tmp_path)
    monkeypatch.setattr(data, "DATA_FOLDER", tmp_path / "demo")
    monkeypatch.setattr(data, "PURCHASES_FILE", tmp_path / "demo" / data.PURCHASES_FILE.name)
    monkeypatch.setattr(data, "SENTENCES_FILE", tmp_path / "demo" / data.SENTENCES_FILE.name)
    return tmp_path


def test_two_files_are_kept_and_fetched_only_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []
    steps: list[str] = []

    def download(folder: Path) -> None:
        folders.append(folder)
        bring(folder)

    monkeypatch.setattr(data, "_download", download)
    data.fetch(steps.append)
    data.fetch(steps.append)
    assert (data.PURCHASES_FILE.read_bytes(), data.SENTENCES_FILE.read_bytes()) == (CDNOW, REVIEWS)
    assert {path.name for path in data.DATA_FOLDER.iterdir()} == {
        data.PURCHASES_FILE.name,
        data.SENTENCES_FILE.name,
    }
    assert len(folders) == 1
    assert "once" in steps[0]


def test_what_pip_says_is_told_when_it_cannot_fetch(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "LOCKS_FOLDER", cache / "nowhere")
    with pytest.raises(data.FetchError, match="nowhere"):
        data.fetch(lambda _: None)
    assert not data.is_fetched()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock"])
def test_every_pin_has_a_hash_and_none_an_address(name: str) -> None:
    text = (data.LOCKS_FOLDER / name).read_text()
    pins = [line for line in text.splitlines() if "==" in line]
    assert pins
    assert all(line.endswith("\\") for line in pins)
    assert text.count("--hash=sha256:") == len(pins)
    assert "://" not in text
    assert "--index" not in text
