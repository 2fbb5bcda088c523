"""Notices that no choice concerns: the way in for a new colleague, and word to administrators."""

from services.alerts.notices.kinds import NoticeText, WaitingNotice
from services.alerts.staff import sign_in_tokens
from services.alerts.staff.labels import role_name
from services.alerts.staff.repository import people
from services.alerts.staff.sign_in_tokens import link_address
from services.alerts.webhooks.repository import webhooks
from shared.db.database import UnitOfWork
from shared.pages.language import translated


async def prepare_invitation(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """The mail that invites a person to sign in; its link is made now."""
    link = await sign_in_tokens.new_link(uow, notice.tenant, notice.staff_id)
    inviter = None
    if notice.by_id is not None:
        inviter = await people.find_person(uow, notice.tenant, notice.by_id)
    company = notice.company.name if notice.company else notice.tenant
    return NoticeText(
        subject=translated("Your way into Afterword"),
        paragraphs=[invitation_sentence(company, notice.role, inviter.name if inviter is not None else None)],
        call=translated("This link works once, within 24 hours, and lets you choose a password:"),
        path=link_address("", link),
    )


def invitation_sentence(company: str, role: str, inviter: str | None) -> str:
    """The first sentence of the mail that invites a person."""
    facts = {"company": company, "role": role_name(role), "inviter": inviter}
    if inviter is None:
        return translated("You can now sign in to Afterword for %(company)s, as %(role)s.") % facts
    return translated("%(inviter)s lets you sign in to Afterword for %(company)s, as %(role)s.") % facts


async def prepare_webhook(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """The mail that a webhook was switched off."""
    if notice.webhook_id is None:
        return None
    webhook = await webhooks.find(uow, notice.tenant, notice.webhook_id)
    if webhook is None or webhook.off_reason is None:
        return None
    if webhook.off_reason == "gone":
        reason = translated(
            "Its endpoint answered that it is gone for good (410), so we have stopped sending to it."
        )
    else:
        reason = translated(
            "For five days its endpoint took nothing that we sent, so we have stopped sending to it."
        )
    remedy = translated(
        "What waits for it is kept. Until somebody switches it on again nothing new is kept for it."
    )
    return NoticeText(
        subject=translated("The webhook %(name)s is switched off") % {"name": webhook.name},
        paragraphs=[reason, remedy],
        path=f"/webhooks/{webhook.id}",
    )
