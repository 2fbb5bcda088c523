"""`python -m deploy.local.mailbox FOLDER SMTP_PORT PAGE_PORT [HOST]`: takes mail by SMTP, keeps and shows it.

It listens on the loopback unless a host is given: in a container, whose maker decides who reaches it.
"""

import sys
from pathlib import Path

import uvicorn
import uvloop

from deploy.local import mailbox_pages, smtp
from deploy.local.mail import Mails


async def serve(folder: Path, smtp_port: int, page_port: int, host: str = "127.0.0.1") -> None:
    mails = Mails(folder)
    server = await smtp.listen(mails, smtp_port, host)
    config = uvicorn.Config(
        mailbox_pages.app(mails),
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
