"""`python -m deploy.local.mailbox FOLDER SMTP_PORT PAGE_PORT [HOST [REPLY_HOST REPLY_PORT]]`: the mailbox.

It keeps mails and texts and shows them. It listens on the loopback unless a host is given, as in a container,
which is reached by its network alone. Mails to REPLY_HOST are handed over to the server at that port of the
loopback.
"""

import sys
from pathlib import Path

import uvicorn
import uvloop

from deploy.local import mailbox_pages, smtp
from deploy.local.mail import MailStore
from deploy.local.next_server import LOOPBACK, NextServer
from deploy.local.texts import TextStore


async def serve(
    folder: Path, smtp_port: int, page_port: int, host: str = LOOPBACK, *reply_server: str
) -> None:
    """Run the SMTP server and the pages until the process is stopped."""
    mails = MailStore(folder)
    replies = NextServer(reply_server[0], int(reply_server[1])) if reply_server else None
    server = await smtp.listen(mails, smtp_port, host, replies)
    config = uvicorn.Config(
        mailbox_pages.mailbox_app(mails, TextStore(folder / "texts")),
        host=host,
        port=page_port,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        server.close()


if __name__ == "__main__":
    folder, smtp_port, page_port, *host = sys.argv[1:]
    uvloop.run(serve(Path(folder), int(smtp_port), int(page_port), *host))
