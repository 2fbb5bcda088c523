"""Mails to colleagues, of the words of a notice."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from html import escape
from uuid import UUID

from services.alerts.notices.kinds import NoticeText
from shared.clock import Clock
from shared.events import Tenant
from shared.mail import MailMessage, message_id
from shared.mail.installation import InstallationSender
from shared.pages.language import first_available, reader_locale, rendering_for
from shared.pages.renderer import Renderer
from shared.values.display_names import NO_NAMES, showing_names


@contextmanager
def rendering_for_company(
    texts: Renderer, language: str, company: Tenant | None, zone: str | None
) -> Iterator[None]:
    """Render for people of a company, with the names that it shows.

    :param language: of the reader; without one it is the first of the company's languages that we have, else
        English.
    """
    found = first_available([language, *(company.languages if company else ())], texts.languages)
    names = company.display_names if company else NO_NAMES
    with rendering_for(texts.reader(found, zone)), showing_names(names):
        yield


class NoticeRenderer:
    """Renders mails to colleagues."""

    def __init__(self, sender: InstallationSender, staff_url: str, secret: str, clock: Clock) -> None:
        """``staff_url`` is without a slash at its end."""
        self._sender = sender
        self._staff_url = staff_url
        self._secret = secret
        self._clock = clock
        self._texts = Renderer("services.alerts", clock=clock)

    def reading(
        self, language: str, company: Tenant | None, zone: str | None
    ) -> AbstractContextManager[None]:
        """Render for a colleague, as :func:`rendering_for_company` does."""
        return rendering_for_company(self._texts, language, company, zone)

    def link(self, path: str) -> str:
        """The address of a page."""
        return f"{self._staff_url}{path}"

    def mail(self, kind: str, notice: UUID, address: str, text: NoticeText) -> MailMessage:
        """The mail to this address, in the language of the reader."""
        link = self.link(text.path)
        paragraphs = [*text.paragraphs, *filter(None, [text.call])]
        return MailMessage(
            sender=self._sender.address,
            keys=self._sender.keys,
            sender_name="Afterword",
            recipient=address,
            subject=text.subject,
            text="\n\n".join([*paragraphs, link]) + "\n",
            html=_html(text.html or _html_body(paragraphs, link)),
            message_id=message_id(self._secret, f"notice-{kind}", str(notice), self._sender.address),
            date=self._clock(),
            picture=text.picture,
            unsubscribe=self.link(text.stop_path) if text.stop_path is not None else None,
        )


def _html(body: str) -> str:
    # Mails set no colours, so a program may show them in the dark; without a width a phone shrinks them.
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark">'
    )
    language = reader_locale().language
    return f'<!doctype html><html lang="{language}"><head>{head}</head><body>{body}</body></html>'


def _html_body(paragraphs: Sequence[str], link: str) -> str:
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return f'{body}<p><a href="{escape(link)}">{escape(link)}</a></p>'
