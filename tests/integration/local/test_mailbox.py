"""The mailbox: what it keeps, shows and refuses."""

from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from support.plain_http import plain_client
from support.stack import Mailbox, new_state, running

from deploy.local import smtp
from deploy.local.mail import MailStore
from deploy.local.state import REPLY_HOST

SCORES = '<html><head><title>x</title></head><body><a href="http://127.0.0.1:1/s/abc?v=3">3</a></body></html>'


def a_mail(to: str, subject: str = "How did your delivery go?") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Havnbo <survey@havnbo.example>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["List-Unsubscribe"] = "<http://127.0.0.1:1/u/abc>"
    mail.set_content("Answer at http://127.0.0.1:1/s/abc?v=3, or (http://127.0.0.1:1/u/abc).\n")
    mail.add_alternative(SCORES, subtype="html")
    return mail


async def send(mailbox: Mailbox, mail: EmailMessage) -> None:
    host, _, port = mailbox.smtp_url.removeprefix("smtp://").partition(":")
    await aiosmtplib.send(mail, hostname=host, port=int(port), start_tls=False)


async def test_a_mail_is_listed_for_its_recipient_with_the_links_of_its_text(mailbox: Mailbox) -> None:
    await send(mailbox, a_mail("listed@mailbox.example", "Æbler på vej"))
    (listed,) = await mailbox.mails(to="Listed@mailbox.example")
    assert listed["subject"] == "Æbler på vej"
    assert listed["from"] == "Havnbo <survey@havnbo.example>"
    assert listed["links"] == ["http://127.0.0.1:1/s/abc?v=3", "http://127.0.0.1:1/u/abc"]
    assert await mailbox.mails(to="listed@mailbox.example", after=listed["id"]) == []
    read = await mailbox.mail(listed["id"])
    assert read["headers"]["List-Unsubscribe"] == "<http://127.0.0.1:1/u/abc>"
    assert "Answer at" in read["text"]
    assert "<a href" in read["html"]


async def test_mails_are_listed_in_the_order_of_their_arrival(mailbox: Mailbox) -> None:
    for subject in ("first", "second", "third"):
        await send(mailbox, a_mail("order@mailbox.example", subject))
    listed = await mailbox.mails(to="order@mailbox.example")
    assert [mail["subject"] for mail in listed] == ["first", "second", "third"]
    later = await mailbox.mails(to="order@mailbox.example", after=listed[0]["id"])
    assert [mail["subject"] for mail in later] == ["second", "third"]


@pytest.mark.parametrize(
    ("address", "code"), [("refuse-550-x@mailbox.example", 550), ("defer-451-x@mailbox.example", 451)]
)
async def test_an_address_that_asks_for_a_refusal_gets_it(mailbox: Mailbox, address: str, code: int) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await send(mailbox, a_mail(address))
    assert [recipient.code for recipient in refused.value.recipients] == [code]
    assert await mailbox.mails(to=address) == []


async def test_a_dropped_connection_after_data_leaves_the_sender_without_an_answer(mailbox: Mailbox) -> None:
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(mailbox, a_mail("drop-after-data-here@mailbox.example"))
    assert len(await mailbox.mails(to="drop-after-data-here@mailbox.example")) == 1


async def test_a_mail_s_html_can_do_nothing_but_offer_links_that_open_outside(mailbox: Mailbox) -> None:
    await send(mailbox, a_mail("page@mailbox.example"))
    (listed,) = await mailbox.mails(to="page@mailbox.example")
    async with plain_client(mailbox.url) as client:
        page = await client.get(f"/mails/{listed['id']}")
        html = await client.get(f"/mails/{listed['id']}/html")
    assert "script" not in page.headers["Content-Security-Policy"]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "stayed on this machine" in page.text
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in html.headers["Content-Security-Policy"]
    assert '<head><base target="_blank">' in html.text


async def test_what_stands_in_a_mail_is_text_on_the_pages(mailbox: Mailbox) -> None:
    await send(mailbox, a_mail("escaped@mailbox.example", "<b>bold</b>"))
    (listed,) = await mailbox.mails(to="escaped@mailbox.example")
    async with plain_client(mailbox.url) as client:
        pages = [(await client.get(path)).text for path in ("/", f"/mails/{listed['id']}")]
    assert all("&lt;b&gt;bold&lt;/b&gt;" in page and "<b>bold" not in page for page in pages)


async def test_the_page_is_not_for_other_host_names(mailbox: Mailbox) -> None:
    async with plain_client(mailbox.url) as client:
        assert (await client.get("/", headers={"Host": "evil.example"})).status_code == 400
        assert (await client.get("/mails/1")).status_code == 404
        assert (await client.get("/api/mails/..%2fstack")).status_code == 404


async def test_mails_survive_a_restart_and_new_ones_come_after_them() -> None:
    with new_state() as state:
        box = Mailbox(state.smtp, state.mailbox)
        with running("mailbox", state):
            await send(box, a_mail("kept@mailbox.example", "before"))
            (before,) = await box.mails()
        with running("mailbox", state):
            await send(box, a_mail("kept@mailbox.example", "after"))
            listed = await box.mails()
            assert listed[0] == before
            assert [mail["subject"] for mail in listed] == ["before", "after"]
            assert (await box.mail(before["id"]))["text"]


async def test_a_text_is_kept_once_listed_for_its_number_and_shown_as_text(mailbox: Mailbox) -> None:
    text = {
        "to": "+4520123456",
        "from": "+4512345678",
        "text": "Havnbo asks: <b>how</b> did it go? http://127.0.0.1:1/s/abc STOP",
        "reference": "one/1",
    }
    async with plain_client(mailbox.url) as client:
        for _ in range(2):
            assert (await client.post("/sms", json=text)).status_code == 202
        listed = (await client.get("/api/texts", params={"to": "+4520123456"})).json()
        assert [(one["text"], one["reference"]) for one in listed] == [(text["text"], "one/1")]
        assert (await client.get("/api/texts", params={"after": listed[0]["id"]})).json() == []
        page = await client.get("/texts")
        assert (await client.post("/sms", json={"to": "+4520123456"})).status_code == 422
    assert "&lt;b&gt;how&lt;/b&gt;" in page.text
    assert 'href="http://127.0.0.1:1/s/abc"' in page.text


async def test_what_customers_answer_is_handed_over_to_the_server_that_takes_it_and_kept(
    tmp_path: Path,
) -> None:
    with new_state() as state, running("mailbox", state):
        box = Mailbox(state.smtp, state.mailbox)
        address = f"reply+abc@{REPLY_HOST}"
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await send(box, a_mail(address))
        assert refused.value.code == 451
        assert await box.mails() == []
        taken = MailStore(tmp_path)
        server = await smtp.listen(taken, state.ports["replies"], "127.0.0.1", None)
        try:
            await send(box, a_mail(address, "Re: How did it go?"))
        finally:
            server.close()
            await server.wait_closed()
        (handed_over,) = taken.newest_first()
        (kept,) = await box.mails(to=address)
        assert (handed_over.to, handed_over.subject) == (kept["to"], kept["subject"])
        assert handed_over.subject == "Re: How did it go?"
