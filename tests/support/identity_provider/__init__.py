"""A real identity provider of this machine: the certified `oidc-provider` for Node, pinned with hashes."""

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.servers import free_port

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", ".npmrc", "provider.mjs")
CLIENT_ID, CLIENT_SECRET = "afterword", "a secret of the tests, with a : and a %"


@dataclass
class IdentityProvider:
    """One that runs."""

    issuer: str
    _accounts: Path

    def know(self, accounts: Mapping[str, Mapping[str, Any]]) -> None:
        """From now on these are its accounts, each with its claims."""
        self._accounts.write_text(json.dumps(accounts))


def installed() -> Path:
    """The folder of the provider, installed once for each lock, whichever process comes first."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "afterword-tests" / f"identity-provider-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            for name in FILES:
                shutil.copy(HERE / name, folder / name)
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True
            )
            (folder / "complete").touch()
    return folder


@asynccontextmanager
async def an_identity_provider(staff_url: str, folder: Path) -> AsyncIterator[IdentityProvider]:
    """It runs and knows nobody; ``folder`` keeps its accounts."""
    place, port, accounts = await asyncio.to_thread(installed), free_port(), folder / "accounts.json"
    accounts.write_text("{}")
    process = await asyncio.create_subprocess_exec(
        "node",
        "provider.mjs",
        str(port),
        str(accounts),
        f"{staff_url}/login/provider/callback",
        f"{staff_url}/login",
        cwd=place,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            assert (await process.stdout.readline()).strip() == b"ready"
        yield IdentityProvider(f"http://127.0.0.1:{port}", accounts)
    finally:
        process.terminate()
        await process.wait()
