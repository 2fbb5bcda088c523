"""A digest: one mail with what waited for it, grouped by topic, as far as it is still true."""

from collections.abc import Sequence
from html import escape

from services.alerts.notices.kinds import NoticeText
from services.alerts.notices.topics import NOTICE_TOPICS, NoticeTopic
from shared.pages.language import counted, spoken, translated
from shared.values.messages import Message, message

MOST_LINES = 50
"""Of one topic: what is more stands on the pages."""
TOPIC_HEADINGS: dict[NoticeTopic, Message] = {
    "cases": message("Unhappy customers"),
    "deadlines": message("Deadlines"),
    "incidents": message("Incidents"),
    "introductions": message("Introductions"),
    "weekly": message("The week"),
}


def digest_text(lines: Sequence[tuple[NoticeTopic, NoticeText]], staff_url: str) -> NoticeText | None:
    """The digest of these notices, in the order in which they came; None when there are none.

    :param staff_url: the address of staff pages, which the lines link to.
    """
    by_topic = {topic: _distinct([text for of, text in lines if of == topic]) for topic in NOTICE_TOPICS}
    count = sum(map(len, by_topic.values()))
    if not count:
        return None
    subject = counted("One thing waits for you", "%(count)s things wait for you", count)
    paragraphs: list[str] = []
    html: list[str] = []
    for topic, texts in by_topic.items():
        if not texts:
            continue
        shown, heading = texts[:MOST_LINES], spoken(TOPIC_HEADINGS[topic])
        paragraphs += [heading, "\n".join(f"- {text.subject}\n  {staff_url}{text.path}" for text in shown)]
        html.append(f"<h2>{escape(heading)}</h2><ul>{''.join(_line(text, staff_url) for text in shown)}</ul>")
        if more := len(texts) - len(shown):
            words = counted("And one more.", "And %(count)s more.", more) % {"count": more}
            paragraphs.append(words)
            html.append(f"<p>{escape(words)}</p>")
    choose = translated("What you are told, and when:")
    link = f"{staff_url}/settings/notices"
    html.append(f'<p>{escape(choose)} <a href="{escape(link)}">{escape(link)}</a></p>')
    return NoticeText(
        subject=subject % {"count": count},
        paragraphs=paragraphs,
        call=choose,
        path="/settings/notices",
        html="".join(html),
    )


def _distinct(texts: Sequence[NoticeText]) -> list[NoticeText]:
    """Those that say something else, or lead elsewhere, than those before."""
    found: dict[tuple[str, str], NoticeText] = {}
    for text in texts:
        found.setdefault((text.subject, text.path), text)
    return list(found.values())


def _line(text: NoticeText, staff_url: str) -> str:
    return f'<li><a href="{escape(staff_url + text.path)}">{escape(text.subject)}</a></li>'
