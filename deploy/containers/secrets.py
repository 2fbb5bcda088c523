"""`python -m deploy.containers.secrets FOLDER`: makes the secrets of a deployment, each once.

Below the folder lies one for each reader, a volume of its own: a service's holds the root `secret` and the
`database_url` with its role's password; `postgres` holds the superuser's `password`. What is there stays.
"""

import secrets
import sys
from pathlib import Path

from deploy.local.state import SERVICES

SECRET_FILE = "secret"  # noqa: S105  (a file's name)
POSTGRES_HOST = "postgres:5432"


def make_secrets(folder: Path, host: str = POSTGRES_HOST) -> list[str]:
    """Write what is missing; return the names of what was written.

    The root secret is one for all services: one that joins later, or whose volume was lost, gets that of the
    others.
    """
    root = next(
        (kept.read_text() for kept in sorted(folder.glob(f"*/{SECRET_FILE}"))), secrets.token_urlsafe(48)
    )
    made = [_write_if_missing(folder / "postgres" / "password", secrets.token_urlsafe(24), readable=True)]
    for service in SERVICES:
        url = f"postgresql+asyncpg://{service}:{secrets.token_urlsafe(24)}@{host}/{service}"
        made += [
            _write_if_missing(folder / service / SECRET_FILE, root),
            _write_if_missing(folder / service / "database_url", url),
        ]
    return [str(path.relative_to(folder)) for path in made if path is not None]


def _write_if_missing(path: Path, text: str, *, readable: bool = False) -> Path | None:
    """`readable` by whoever has the volume: PostgreSQL's container runs as a user of its own."""
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
    made = make_secrets(Path(sys.argv[1]))
    sys.stdout.write("".join(f"{name}: made\n" for name in made) or "all secrets are there\n")
