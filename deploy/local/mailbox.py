"""`python -m deploy.local.mailbox FOLDER SMTP_PORT PAGE_PORT`: takes mail by SMTP, keeps it, and shows it."""

import asyncio
import sys
from pathlib import Path

import uvicorn

from deploy.local import mailbox_pages, smtp
from deploy.local.mail import Mails


async def serve(folder: Path, smtp_port: int, page_port: int) -> None:
    mails = Mails(folder)
    server = await smtp.listen(mails, smtp_port)
    config = uvicorn.Config(
        mailbox_pages.app(mails),
        host="127.0.0.1",
        port=page_port,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
