"""What customers write back: their words without what is quoted, and whether a program wrote."""

from contextlib import suppress
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.bounces.bounded_mime import MAX_MULTIPARTS
from services.dispatcher.bounces.reading import MAX_REPORT_BYTES, NoReport, UnknownMail, read_report
from services.dispatcher.replies.html_text import text_of_html
from services.dispatcher.replies.quoting import without_quote
from services.dispatcher.replies.reading import (
    MAX_BODY_CHARS,
    MAX_MAIL_BYTES,
    UnreadableMail,
    addresses_of,
    is_report,
    read_received,
)
from shared.events.case_mails import MAX_ATTACHMENT_NAMES, MAX_RECEIVED_CHARS
from shared.mail.references import MailReferences

OURS = "> Dear Karen,\n> we are sorry.\n> Jonas"


def a_mail(text: str = "Thank you.", *, html: str = "", **fields: str) -> EmailMessage:
    message = EmailMessage()
    headers = {
        "From": "Karen <karen@example.com>",
        "Subject": "Re: Your sofa",
        "Message-ID": "<1@example.com>",
    }
    for name, value in {
        **headers,
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }.items():
        message[name] = value
    if text:
        message.set_content(text)
    if html and text:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")
    return message


@pytest.mark.parametrize(
    "attribution",
    [
        "On Mon, 30 Nov 2026 at 12:00, Jonas Holt, Havnbo <ask@shop.example> wrote:",
        "On Mon, 30 Nov 2026 at 12:00,\nJonas Holt, Havnbo <ask@shop.example>\nwrote:",
        "Am Mo., 30. Nov. 2026 um 12:00 Uhr schrieb Jonas Holt <ask@shop.example>:",
        "Den man. 30. nov. 2026 kl. 12.00 skrev Jonas Holt <ask@shop.example>:",
        "man. 30. nov. 2026 12.00 skrev Jonas Holt <ask@shop.example>:",
        "Op ma 30 nov. 2026 om 12:00 schreef Jonas Holt <ask@shop.example>:",
        "Le lun. 30 nov. 2026 à 12:00, Jonas Holt <ask@shop.example> a écrit :",
        "El lun, 30 nov 2026 a las 12:00, Jonas Holt (<ask@shop.example>) escribió:",
        "ma 30. marrask. 2026 klo 12.00 Jonas Holt (ask@shop.example) kirjoitti:",
        "-----Original Message-----",
        "---- Oprindelig meddelelse ----",
        "From: Jonas Holt <ask@shop.example>\nSent: Monday, 30 November 2026 12:00\nTo: Karen",
        "Van: Jonas Holt <ask@shop.example>\nVerzonden: maandag 30 november 2026 12:00\nAan: Karen",
    ],
)
def test_what_a_program_quotes_below_is_cut(attribution: str) -> None:
    assert without_quote(f"The leg came.\n\nKaren\n\n{attribution}\n\n{OURS}\n") == "The leg came.\n\nKaren"


def test_lines_that_are_quoted_at_the_end_are_cut_without_any_attribution() -> None:
    assert without_quote(f"Yes, tomorrow.\n\n{OURS}") == "Yes, tomorrow."


def test_answers_between_quoted_lines_stay_with_what_they_answer() -> None:
    between = "On Monday Jonas Holt wrote:\n> Did the leg come?\nYes.\n> And the screws?\nNo."
    assert without_quote(between) == between


def test_a_mail_that_only_quotes_stays_as_it_is() -> None:
    assert without_quote(OURS) == OURS


@given(st.text(max_size=300))
def test_cutting_leaves_a_part_of_the_text_and_never_nothing(text: str) -> None:
    left = without_quote(text)
    assert left in text
    assert bool(left) == bool(text.strip())


HOSTILE_MAILS = {
    "semicolons in quotes": b'Content-Disposition: attachment; a="%s\r\n\r\nhi' % (b";" * MAX_MAIL_BYTES),
    "parameters": b"Content-Type: text/plain%s\r\n\r\nhi" % (b";\r\n a=b" * (MAX_MAIL_BYTES // 8)),
    "brackets": b"From: %s\r\n\r\nhi" % (b"<" * MAX_MAIL_BYTES),
    "parts within parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
        for number in range(20_000)
    ),
    "lines within parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
        for number in range(MAX_MULTIPARTS)
    )
    + b"\r\n" * 200_000,
    "who wrote": b"\r\n" + b"on the first of May she wrote:\nx\n> q\n" * 5_000,
}


@pytest.mark.parametrize("kind", HOSTILE_MAILS)
def test_a_hostile_mail_costs_seconds_and_no_more(kind: str) -> None:
    """Read without bounds each would take from minutes to days."""
    raw = HOSTILE_MAILS[kind][:MAX_MAIL_BYTES]
    with suppress(UnreadableMail):
        assert len(read_received(raw).text) <= MAX_RECEIVED_CHARS
    with suppress(NoReport, UnknownMail):
        assert read_report(raw[:MAX_REPORT_BYTES], MailReferences("s" * 40)) is None


@pytest.mark.parametrize(
    "part", ["<a ", "<!--", "</a", "<div>", "<p>", "<b>", '<a x="', "&#", "<![", "<svg><a>"]
)
def test_a_mail_of_the_longest_that_is_looked_at_is_read_whatever_it_consists_of(part: str) -> None:
    """By a parser whose time grows with the square of the length it would take ten minutes."""
    html = (part * (MAX_BODY_CHARS // len(part)))[: MAX_BODY_CHARS - 20]
    text = text_of_html(f"<p>Thank you.</p>{html}")
    assert text.startswith("Thank you.")


def test_the_text_of_html_has_its_lines_and_no_quoted_mail() -> None:
    html = (
        "<html><head><title>no</title><style>p{}</style></head><body><p>The leg&nbsp;came.</p>"
        "<div>Many <b>thanks</b><br>Karen</div>"
        '<div class="gmail_quote"><div class="gmail_attr">On Monday Jonas wrote:</div>'
        "<blockquote>Dear Karen</blockquote></div></body></html>"
    )
    assert text_of_html(html) == "The leg came.\n\nMany thanks\nKaren"
    outlook = '<p>Yes.</p><div id="divRplyFwdMsg"><b>From:</b> Jonas</div><p>Dear Karen</p>'
    assert text_of_html(outlook) == "Yes."
    assert text_of_html('<p>Yes.</p><blockquote type="cite">Dear Karen</blockquote>') == "Yes."


@given(st.text(alphabet="<>/abp &;\"'=\n", max_size=200))
def test_any_html_has_a_text(html: str) -> None:
    assert "<script" not in text_of_html(html)


def test_a_mail_is_read_with_its_subject_its_sender_and_the_names_of_what_is_attached() -> None:
    message = a_mail(f"The leg came.\n\nOn Monday, at noon, Jonas Holt wrote:\n{OURS}")
    message.add_attachment(b"\xff" * 2_000, maintype="image", subtype="jpeg", filename="bén.jpg")
    message.add_attachment(b"x", maintype="application", subtype="pdf")
    received = read_received(message.as_bytes())
    assert received.text == "The leg came."
    assert (received.sender, received.subject) == ("karen@example.com", "Re: Your sofa")
    assert received.attachments == ("bén.jpg", "application/pdf")
    assert (received.cut, received.automatic) == (False, False)
    assert received.identity == "<1@example.com>"


def test_html_is_read_where_there_is_no_text() -> None:
    assert read_received(a_mail("", html="<p>The leg came.</p>").as_bytes()).text == "The leg came."
    assert read_received(a_mail("Plain.", html="<p>Rich.</p>").as_bytes()).text == "Plain."


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated (vacation)"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Subject": "Automatic reply: Your sofa"},
        {"Subject": "Autosvar: Din sofa"},
        {"Subject": "Automatisch antwoord: Uw bank"},
        {"From": "MAILER-DAEMON@example.com"},
    ],
)
def test_what_a_program_answers_is_known(fields: dict[str, str]) -> None:
    assert read_received(a_mail(**fields).as_bytes()).automatic


def test_a_mail_of_nobody_is_a_programs_and_a_persons_is_not() -> None:
    raw = a_mail(Auto_Submitted="no").as_bytes()
    assert not read_received(raw).automatic
    assert read_received(raw, null_sender=True).automatic


def test_all_that_is_kept_is_bounded() -> None:
    message = a_mail("x" * (MAX_RECEIVED_CHARS + 1))
    for number in range(MAX_ATTACHMENT_NAMES + 5):
        message.add_attachment(b"x", maintype="image", subtype="png", filename=f"{number}" * 300)
    received = read_received(message.as_bytes())
    assert len(received.text) == MAX_RECEIVED_CHARS
    assert received.cut
    assert len(received.attachments) == MAX_ATTACHMENT_NAMES
    assert max(map(len, received.attachments)) == 200
    huge = a_mail("Short.").as_bytes() + b"x" * MAX_MAIL_BYTES
    assert read_received(huge).cut


def test_a_mail_without_an_id_is_known_by_all_that_it_says() -> None:
    message = a_mail()
    del message["Message-ID"]
    one, same = read_received(message.as_bytes()), read_received(message.as_bytes())
    message.set_content("Something else.")
    assert one.identity == same.identity != read_received(message.as_bytes()).identity


@given(st.binary(max_size=500))
def test_bytes_that_are_no_mail_are_read_without_a_fault_and_hold_nothing_that_cannot_be_stored(
    raw: bytes,
) -> None:
    received = read_received(b"From: k@example.com\r\n\r\n" + raw)
    assert "\x00" not in received.text
    received.text.encode()


def test_a_report_and_the_addresses_that_a_mail_came_to_are_known() -> None:
    report = b"From: MAILER-DAEMON@mx.example\r\nTo: a@b.example\r\n\r\nfailed"
    assert is_report(report)
    assert not is_report(a_mail().as_bytes())
    raw = a_mail(To='"K, A" <a@b.example>, c@d.example', Delivered_To="e@f.example").as_bytes()
    assert set(addresses_of(raw)) == {"a@b.example", "c@d.example", "e@f.example"}
