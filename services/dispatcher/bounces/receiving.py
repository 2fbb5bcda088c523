"""What takes reports that come as mails, as far as it is set up: our SMTP server, and a mailbox."""

from services.dispatcher.bounces.mailbox import MAILBOX_LOOP, mailbox_loop
from services.dispatcher.bounces.smtp_certificate import SmtpCertificate
from services.dispatcher.bounces.smtp_server import SMTP_LOOP, smtp_loop
from services.dispatcher.settings import Settings
from shared.errors import FatalError
from shared.service import Context, Loops


class NothingToReceive(FatalError):
    """Neither way is set up, or one lacks a setting."""


def receiver_loops(context: Context) -> Loops:
    """The loops of `afterword run dispatcher bounces`.

    :raises NothingToReceive: when there would be none.
    """
    own: Settings = context.own
    host, reply_host = context.afterword.bounce_host, context.afterword.reply_host
    loops = {}
    if own.bounce_listen is not None:
        if host is None and reply_host is None:
            raise NothingToReceive(
                "DISPATCHER_BOUNCE_LISTEN needs AFTERWORD_BOUNCE_HOST or AFTERWORD_REPLY_HOST: the host "
                "whose mail is taken."
            )
        loops[SMTP_LOOP] = smtp_loop(
            *(context.database, context.health, context.secret, host, own.bounce_listen),
            *(_certificate(own), reply_host),
        )
    if own.bounce_mailbox is not None:
        url = own.bounce_mailbox.get_secret_value()
        loops[MAILBOX_LOOP] = mailbox_loop(context.database, context.health, context.secret, url, reply_host)
    if not loops:
        raise NothingToReceive(
            "There is nothing to receive: set DISPATCHER_BOUNCE_LISTEN, DISPATCHER_BOUNCE_MAILBOX, or both."
        )
    return loops


def _certificate(own: Settings) -> SmtpCertificate | None:
    if (own.bounce_certificate is None) != (own.bounce_key is None):
        raise NothingToReceive("DISPATCHER_BOUNCE_CERTIFICATE and DISPATCHER_BOUNCE_KEY need each other.")
    if own.bounce_certificate is None or own.bounce_key is None:
        return None
    return SmtpCertificate(own.bounce_certificate, own.bounce_key)
