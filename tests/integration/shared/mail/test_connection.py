"""How a connection begins: the name that we greet with, and encryption as the settings ask."""

import ssl

import pytest
from support.http_clients import afterword_settings
from support.smtp import CERTIFICATE, scripted_server

from shared.mail import Away, Delivered, Mailer, MailServer, Outcome, mail_server
from shared.mail.connection import greeting_name

MAIL = b"Subject: x\r\n\r\nx\r\n"


@pytest.fixture
def own_authority() -> ssl.SSLContext:
    """A self-signed certificate, as Debian's Postfix has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def sent(server: MailServer) -> Outcome:
    mailer = Mailer(server, seconds=5)
    outcome = await mailer.send("ask@shop.example", "reader@example.com", MAIL)
    await mailer.close()
    return outcome


def with_user(url: str, host: str = "127.0.0.1") -> str:
    return url.replace("//127.0.0.1", f"//user:secret@{host}")


async def test_tls_that_is_only_offered_is_used_without_verifying_the_certificate(
    own_authority: ssl.SSLContext,
) -> None:
    async with scripted_server(context=own_authority) as server:
        assert await sent(MailServer(server.url)) == Delivered()
        assert server.encrypted == [True]


async def test_without_tls_when_it_is_only_offered_and_fails() -> None:
    hopeless = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # without a certificate no handshake succeeds
    async with scripted_server(context=hopeless) as server:
        assert await sent(MailServer(server.url)) == Delivered()
        server.answers["STARTTLS"] = "454 4.7.0 TLS not available due to temporary reason"
        assert await sent(MailServer(server.url)) == Delivered()
        assert server.encrypted == [False, False]


async def test_tls_that_is_required_is_verified_and_an_own_authority_can_be_named(
    own_authority: ssl.SSLContext,
) -> None:
    async with scripted_server(context=own_authority) as server:
        outcome = await sent(MailServer(f"{server.url}?tls=required"))
        assert isinstance(outcome, Away)
        assert "AFTERWORD_SMTP_CA_FILE" in outcome.reason
        assert server.accepted == []
        assert await sent(MailServer(f"{server.url}?tls=required", ca_file=str(CERTIFICATE))) == Delivered()
        assert server.encrypted == [True]


async def test_tls_that_is_required_and_not_offered_sends_nothing() -> None:
    async with scripted_server() as server:
        outcome = await sent(MailServer(f"{server.url}?tls=required"))
        assert isinstance(outcome, Away)
        assert "STARTTLS" in outcome.reason
        assert server.accepted == []


@pytest.mark.parametrize("offered", [True, False])
async def test_a_password_is_sent_to_another_machine_by_verified_tls_alone(
    own_authority: ssl.SSLContext, offered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.mail.connection.is_loopback", lambda _: False)
    context = own_authority if offered else None
    async with scripted_server(context=context, extensions=["AUTH PLAIN"]) as server:
        assert isinstance(await sent(MailServer(with_user(server.url))), Away)
        assert [command for command in server.commands if command.startswith("AUTH")] == []
        if offered:
            assert await sent(MailServer(with_user(server.url), ca_file=str(CERTIFICATE))) == Delivered()
            assert server.encrypted == [True]


async def test_a_password_is_sent_after_starttls(own_authority: ssl.SSLContext) -> None:
    async with scripted_server(context=own_authority, extensions=["AUTH PLAIN"]) as server:
        assert await sent(MailServer(with_user(server.url))) == Delivered()
        words = [command.split(" ")[0] for command in server.commands]
        assert words.index("STARTTLS") < words.index("AUTH")


@pytest.mark.parametrize(
    ("answer", "told"), [("535 5.7.8 no", "535 5.7.8"), ("454 4.7.0 later", "454 4.7.0")]
)
async def test_a_wrong_password_is_no_outcome_of_a_mailbox(answer: str, told: str) -> None:
    async with scripted_server(extensions=["AUTH PLAIN"], answers={"AUTH": answer}) as server:
        outcome = await sent(MailServer(with_user(server.url)))
        assert outcome == Away(f"the mail server refuses user or password of AFTERWORD_SMTP_URL ({told})")


async def test_ehlo_and_helo_have_the_name_of_the_settings() -> None:
    async with scripted_server(answers={"EHLO": "502 5.5.1 what?"}) as server:
        assert await sent(MailServer(server.url, ehlo="mail.shop.example")) == Delivered()
    assert server.commands[:2] == ["EHLO mail.shop.example", "HELO mail.shop.example"]


@pytest.mark.parametrize(
    ("sender", "site", "name"),
    [
        ("ask@shop.example", "https://ask.example.com", "shop.example"),
        ("ask@bøger.example", "https://ask.example.com", "xn--bger-gra.example"),
        ("ask@localhost", "https://ask.example.com:8443", "ask.example.com"),
        ("ask@localhost", "https://ask.bøger.example", "ask.xn--bger-gra.example"),
        ("ask@localhost", "http://192.0.2.7:8000", "[192.0.2.7]"),
        ("ask@localhost", "http://[2001:db8::7]:8000", "[IPv6:2001:db8::7]"),
        ("ask@localhost", "http://localhost:8000", "[127.0.0.1]"),
        ("ask@mail", "http://afterword", "[127.0.0.1]"),
        ("ask@localhost.localdomain", "http://afterword.localhost", "[127.0.0.1]"),
        ("ask@[192.0.2.9]", "http://afterword", "[192.0.2.9]"),
    ],
)
def test_without_a_setting_we_greet_with_a_full_host_name_or_an_address(
    sender: str, site: str, name: str
) -> None:
    assert greeting_name(sender, site) == name
    settings = afterword_settings("x:1", mail_from=sender, public_url=site)
    assert mail_server(settings).ehlo == name
    assert mail_server(settings.model_copy(update={"smtp_ehlo": "own.example"})).ehlo == "own.example"
