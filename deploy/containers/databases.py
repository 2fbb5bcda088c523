"""`python -m deploy.containers.databases FOLDER` creates the roles and databases of a folder's secrets."""

import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from deploy.databases import create_databases
from deploy.local.state import SERVICES


async def create(folder: Path) -> None:
    """Create missing roles and databases; a role gets the password that its service reads.

    :raises asyncpg.InvalidPasswordError: when the server was created with another superuser password.
    """
    urls = {service: urlsplit((folder / service / "database_url").read_text()) for service in SERVICES}
    server = urls[SERVICES[0]]
    connection = await asyncpg.connect(
        host=server.hostname,
        port=server.port,
        user="postgres",
        password=(folder / "postgres" / "password").read_text(),
        database="postgres",
        timeout=10,
    )
    try:
        await create_databases(connection, {service: url.password or "" for service, url in urls.items()})
    finally:
        await connection.close()


if __name__ == "__main__":
    try:
        asyncio.run(create(Path(sys.argv[1])))
    except asyncpg.InvalidPasswordError:
        sys.exit(
            "PostgreSQL refuses the password of its superuser: its data were made with other secrets. Bring "
            "back the volume secrets-postgres that belongs to them, or begin anew without both volumes."
        )
    sys.stdout.write("every service has its role and its database\n")
