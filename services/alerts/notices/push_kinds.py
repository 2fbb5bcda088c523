"""The message by which a person tries whether their browser takes push messages."""

from services.alerts.notices.kinds import NoticeText, WaitingNotice
from shared.db.database import UnitOfWork
from shared.pages.language import translated


async def prepare_push_test(_: UnitOfWork, __: WaitingNotice) -> NoticeText | None:
    """It is always true."""
    return NoticeText(
        subject=translated("Afterword reaches this browser"),
        paragraphs=[translated("You asked for this message on the page about what you are told.")],
        path="/settings/notices",
    )
