"""`python -m deploy.containers.secrets FOLDER` creates the secrets of a deployment, each once.

The folder has a subfolder, a volume of its own, for each reader: a service's holds the root `secret` and the
`database_url` with the password of its role; `postgres` holds the superuser's `password`. Files stay.
"""

import secrets
import sys
from pathlib import Path

from deploy.local.state import SERVICES

SECRET_FILE = "secret"  # noqa: S105  (the name of a file)
POSTGRES_HOST = "postgres:5432"


def make_secrets(folder: Path, host: str = POSTGRES_HOST) -> list[str]:
    """Write missing files; return their names.

    All services have the same root secret: a service that is added later, or whose volume was lost, gets that
    of the others.
    """
    root = next(
        (kept.read_text() for kept in sorted(folder.glob(f"*/{SECRET_FILE}"))), secrets.token_urlsafe(48)
    )
    paths = [_write_if_missing(folder / "postgres" / "password", secrets.token_urlsafe(24), readable=True)]
    for service in SERVICES:
        url = f"postgresql+asyncpg://{service}:{secrets.token_urlsafe(24)}@{host}/{service}"
        paths += [
            _write_if_missing(folder / service / SECRET_FILE, root),
            _write_if_missing(folder / service / "database_url", url),
        ]
    return [str(path.relative_to(folder)) for path in paths if path is not None]


def _write_if_missing(path: Path, text: str, *, readable: bool = False) -> Path | None:
    """`readable` by every user of the volume: PostgreSQL's container runs as another user."""
    if path.exists():
        return None
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.chmod(0o444 if readable else 0o400)
    unfinished.rename(path)
    return path


if __name__ == "__main__":
    written = make_secrets(Path(sys.argv[1]))
    sys.stdout.write("".join(f"{name}: made\n" for name in written) or "all secrets are there\n")
