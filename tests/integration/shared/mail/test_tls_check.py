"""How a mail server encrypts is told by a look at it, which sends nothing."""

import ssl

import pytest
from support.servers import free_port
from support.smtp import CERTIFICATE, scripted_server

from shared.mail import MailServer
from shared.mail.tls_check import look_at_tls


@pytest.fixture
def context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_a_server_whose_certificate_is_trusted_is_told_from_one_whose_is_not(
    context: ssl.SSLContext,
) -> None:
    async with scripted_server(context=context) as server:
        trusted = await look_at_tls(MailServer(server.url, ca_file=str(CERTIFICATE)))
        assert (trusted.fault, trusted.detail) == (None, "TLSv1.3")
        assert server.commands[-1] == "QUIT"
        assert (await look_at_tls(MailServer(server.url))).fault == "not_trusted"
        assert not {each.split(" ")[0] for each in server.commands} & {"AUTH", "MAIL", "RCPT", "DATA"}


async def test_a_server_that_offers_none_or_is_away_is_named_so() -> None:
    async with scripted_server() as server:
        assert (await look_at_tls(MailServer(server.url))).fault == "not_offered"
        server.answers["CONNECT"] = "554 5.7.1 go away"
        assert (await look_at_tls(MailServer(server.url))).fault == "away"
    assert (await look_at_tls(MailServer(f"smtp://127.0.0.1:{free_port()}"))).fault == "away"
    assert (await look_at_tls(MailServer(f"smtps://127.0.0.1:{free_port()}"))).fault == "away"
