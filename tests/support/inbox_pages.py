"""The inbox in a real browser: a page that complains of nothing, somebody signed in, and cases of a busy day."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from playwright.async_api import Browser, Page, expect
from support.alerts_api import PASSWORD, AlertsApi
from support.alerts_builders import act_on_answers, an_answer, an_invitation, deliver, keep_invitations, rows

from shared.events import Customer


@asynccontextmanager
async def a_page(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page of somebody; it must not complain of anything, our security policy included."""
    context = await browser.new_context(**options)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    yield page
    await context.close()
    assert complaints == []


async def sign_in(
    alerts: AlertsApi, page: Page, origin: str, role: str = "agent", name: str = "Jonas Holt"
) -> None:
    person = await alerts.person(role, name)
    await page.goto(f"{origin}/inbox")
    await page.get_by_label("E-mail address").fill(person.address)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(f"{origin}/inbox")


async def several(alerts: AlertsApi) -> str:
    """An inbox as it is on a busy day; returns a case that tells much."""
    now = datetime.now(UTC)
    told = [
        (0, "Waited in all day. Nobody rang, nobody called, and the tracking page still says “out for delivery”.", "Peter Aagaard", 28, "home delivery"),
        (3, "Kast kwam met een kapot zijpaneel. Foto’s gestuurd, vier dagen niets gehoord.", "Femke Bakker", 25, "home delivery"),
        (2, "This is the second sofa table that arrives with the same leg split.\n\nI don’t want a voucher. I want a table that stands, or my money back before the weekend.", "Karen Whitfield", 22, "home delivery"),
        (5, "Only one till open at five on a Friday. Put the plant back and kept the lamp.", "Ole Thygesen", 2, "shop, Odense"),
        (6, "Aaaaargh" * 40, None, 1, "customer service"),
    ]  # fmt: skip
    found = ""
    for score, comment, name, hours, touchpoint in told:
        answer = an_answer(
            score=score,
            comment=comment,
            touchpoint=touchpoint,
            answered_at=now - timedelta(hours=hours),
            changed_at=now - timedelta(hours=hours),
            may_contact=True if score == 2 else None,
            state="saved" if score == 6 else "sent",
        )
        customer = Customer(
            id=answer.customer_id or "", email="a@example.com", phone="+4512345678", name=name
        )
        await deliver(alerts.database, keep_invitations, an_invitation(answer, customer=customer))
        await deliver(alerts.database, act_on_answers, answer)
        if score == 2:
            await deliver(
                alerts.database, act_on_answers, msgspec.structs.replace(answer, version=2, score=4)
            )
            (row,) = await rows(
                alerts.database, "SELECT case_id FROM case_answer WHERE answer_id = :i", i=answer.id
            )
            found = str(row.case_id)
    return found
