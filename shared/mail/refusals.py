"""The cause of a mail server's refusal: the recipient's mailbox or its domain, or us, the sender.

A reply has a code of three digits (RFC 5321, 4.2) and, from nearly all servers, an enhanced status code
behind it (RFC 3463, RFC 2034; the registry is IANA's "SMTP Enhanced Status Codes"). The three digits show
only whether a refusal is permanent. Its cause is read in this order:

| reply | cause | source |
|---|---|---|
| 421; 521; 530, 534, 535, 538; 523 | us: not now, not here, sign in, encrypt | RFC 5321, 7504, 4954 |
| 556 | the mailbox: its domain takes no mail | RFC 7504 |
| x.1.7, x.1.8, x.1.90 | us: the sender's address; a day's limit (Exchange Online) | RFC 3463 3.2 |
| x.1.* other than those | the mailbox, unless the text is about us alone | RFC 3463 3.2 |
| x.2.* | the mailbox: disabled, full, too large for it | RFC 3463 3.3 |
| x.3.4 | unclear: this mail is too large for the server | RFC 3463 3.4 |
| x.3.* other than 5.3.0 and x.3.4 | us: the server is full, closed, wrongly set up | RFC 3463 3.4 |
| x.4.3, x.4.5 | us: its directory is away; congestion and quotas | RFC 3463 3.5 |
| x.4.4, x.4.6 | the mailbox: no way to its domain, or a loop there | RFC 3463 3.5 |
| x.5.* with 501 or 553 | unclear: the command named this address | RFC 3463 3.6 |
| x.5.1, 2, 4, 5, 6 | us (commands, EHLO), unless the text is about a mailbox alone | RFC 3463 3.6 |
| x.6.7 | the mailbox: it takes ASCII only | RFC 6531 3.6 |
| x.7.17, x.7.18 | the mailbox: it has another owner by now | RFC 7293 |
| x.7.* other than 0, 1, 2 and 100 to 199 | us: identity, SPF, DKIM, TLS, reputation | RFC 7372, 8689 |
| 500, 502, 503, 504 without a status | us | RFC 5321 4.2.2 |
| everything else | by the text; see below | |

The text decides where there is no status, or one without a meaning of its own (x.*.0, x.7.1, …). It matches
expressions about us and none about a mailbox: us. The other way round: the mailbox. Neither: the mailbox if
RCPT TO was answered with 550, 551, 552 or 553 and the text mentions no policy (RFC 5321, 4.2.2 gives these
codes to mailboxes); else unclear.

A temporary refusal is about the destination, whatever its codes say, if its text names the domain of the
recipient, or a host under it, other than in an address (``connect to mx.y.example: Connection refused``): the
server speaks of the way there. Greylisting is about the mailbox also then.
"""

import re
from typing import Literal, NamedTuple

SmtpStep = Literal["RCPT TO", "DATA", "the end of the mail"]
"""The steps at which a refusal may be about the mailbox: before them none has been named."""
RefusalCause = Literal["mailbox", "destination", "us", "unclear"]

FIRST_PERMANENT_CODE = 500
_STATUS = re.compile(r"(?:^|#)\s*[245]\.(\d{1,3})\.(\d{1,3})(?![.\d])", re.MULTILINE)
_ABOUT_US_CODES = {421, 521, 523, 530, 534, 535, 538}
_DOMAIN_TAKES_NO_MAIL_CODE = 556
_SYNTAX_CODES = {500, 502, 503, 504}
_ADDRESS_CODES = {501, 553}
_MAILBOX_CODES = {550, 551, 552, 553}
_GROUP_DETAILS = range(100, 200)
"""Exchange's x.7.1nn: restrictions of who may write to this recipient or group."""


class Refusal(NamedTuple):
    """The cause of a refusal, and what to do when it is us."""

    about: RefusalCause
    status: str
    """The code, and the enhanced status code if there is one."""
    advice: str


def _any_of(words: str) -> re.Pattern[str]:
    """A pattern of several expressions, one on each line; case is ignored."""
    return re.compile("|".join(line.strip() for line in words.strip().splitlines()), re.IGNORECASE)


_ABOUT_US = {
    "it does not let us send as AFTERWORD_MAIL_FROM": _any_of(r"""
        send[ -]?as
        on behalf
        permissions? to send
        (allowed|authori[sz]ed|permitted) to send
        not owned by
        \bsender\b.{0,40}\b(reject|denied|refused|not|verif|invalid|unknown|mismatch)
        outbound ?spam
        from address
        return[ -]?path
        envelope sender
        mail from
        address is not verified
        identit(y|ies) failed
        domain is not (verified|registered|configured)
    """),
    "it relays for those it knows only: check user and password in AFTERWORD_SMTP_URL": _any_of(r"""
        relay(ing)?\s+(access\s+)?(is\s+)?(denied|not|prohibited|disabled|forbidden)
        relay access
        relay\w*\b.{0,60}\b(not|denied|prohibited|forbidden)
        (not|unable to|cannot|can't|won't|refus\w+ to|no|don't)\s+relay
        rcpthosts
        authenti[cf]
        \bauth\b
        log[ -]?in\b
        credential
    """),
    "it does not take the name that we greet it with: set AFTERWORD_SMTP_EHLO": _any_of(r"""
        \b(helo|ehlo)\b
        fully[- ]qualified
    """),
    "our network or domain has a bad name there, or lacks SPF, DKIM or reverse DNS": _any_of(r"""
        \b(spf|dkim|dmarc|arc|ptr|rdns)\b
        reverse[- ]?(dns|lookup)
        (block|black|deny)[- ]?list
        \b(dnsbl|rbl)\b
        spamhaus|spamcop|barracuda
        reputation
        client host
        (your|our|this) (ip|network|host)\b
        \bip\b.{0,40}\b(block|listed|reject)
        \bbanned\b
    """),
    "we have sent more than it allows": _any_of(r"""
        \b(rate|sending|send|messages?|submission|account|plan|e?mail)\W+(\w+\W+){0,2}(rate|limit|quota)s?\b
        \b(daily|hourly|monthly)\W+(\w+\W+){0,2}(rate|limit|quota)s?\b
        \brate\W?limit
        limit\w*\W+(rate|exceed)
        too (many|much)\W+(mail|message|email|connection)
        throttl
        unusual rate
        too fast
        \bsuspended\b.{0,30}\bsending
        \bsending\b.{0,30}\b(suspended|disabled|paused)
    """),
    "it wants another encryption: see AFTERWORD_SMTP_URL": _any_of(r"""
        start ?tls
        \b(tls|ssl)\b
        encrypt
    """),
}
"""By advice to the operator: what servers write when it applies."""
_SENDER_ALONE = _any_of(r"""
    send[ -]?as ?denied
    outbound ?spam
""")
"""Exchange writes this even with x.2.*."""
_ABOUT_A_MAILBOX = _any_of(r"""
    \b(user|recipient|mail ?box|account|address|alias)\b.{0,60}(unknown|not found|not exist|n't exist)
    \b(user|recipient|mail ?box|account|address|alias)\b.{0,60}(not available|unavailable|inactive|no longer)
    \b(user|recipient|mail ?box|account|address|alias)\b.{0,60}\b(disabled|invalid|suspended|full|exceed)
    \b(unknown|no such|invalid|non-?existent|bad) (\w+ )?(user|recipient|mail ?box|account|address|alias)
    \b(no|inactive|disabled) (\w+ )?(user|recipient|mail ?box|account|address|alias|person)
    does(n't| not) exist
    not a valid
    unroute?able
    over ?quota
    \bmoved\b
    no longer (works|here|employed)
    (does not|doesn't) have an? .{0,60}\baccount
""")
_POLICY = _any_of(r"""
    spam|junk|phish|virus|malware|suspicious|abuse|complain
    polic|administrative|security|filter|content|\bbulk\b
    block|listed|denie[ds]|prohibit
    (not|un)\W?(allowed|permitted|authori[sz]ed)
    limit|quota|\brate\b
""")
_GREYLIST = re.compile(r"gr[ea]y-?list", re.IGNORECASE)
_GENERAL_ADVICE = "it is about us, not about a mailbox"


def read_refusal(step: SmtpStep, code: int, text: str, domain: str = "") -> Refusal:
    """The cause of a refusal at this step.

    :param text: the reply without its codes, all its lines.
    :param domain: of the recipient's address; without it no refusal is about a destination.
    """
    status = _STATUS.search(text)
    subject, detail = (int(status[1]), int(status[2])) if status else (None, None)
    shown = f"{code} {code // 100}.{subject}.{detail}" if status else str(code)
    advice = next((advice for advice, words in _ABOUT_US.items() if words.search(text)), "")
    by_text = _by_text(step, code, text, subject, about_us=bool(advice))
    about = _by_code(code, subject, detail, by_text) or by_text
    if _SENDER_ALONE.search(text):
        about = "us"
    elif code < FIRST_PERMANENT_CODE and _GREYLIST.search(text):
        about = "mailbox"
    elif code < FIRST_PERMANENT_CODE and domain and _names(text, domain):
        about = "destination"
    return Refusal(about, shown, advice or _GENERAL_ADVICE)


def _names(text: str, domain: str) -> bool:
    """Whether the text has the domain, or a host under it, other than in an address."""
    name = rf"(?<![\w.@-])(?:[\w-]+\.)*{re.escape(domain)}(?![\w-]|\.\w)"
    return re.search(name, text, re.IGNORECASE) is not None


def _by_code(
    code: int, subject: int | None, detail: int | None, by_text: RefusalCause
) -> RefusalCause | None:
    """The cause by the codes alone; None where the text decides."""
    if code in _ABOUT_US_CODES:
        return "us"
    if code == _DOMAIN_TAKES_NO_MAIL_CODE:
        return "mailbox"
    if subject is None:
        return "us" if code in _SYNTAX_CODES else None
    return _by_status(code, subject, detail or 0, by_text)


def _by_status(code: int, subject: int, detail: int, by_text: RefusalCause) -> RefusalCause | None:
    about: RefusalCause | None = None
    match subject, detail:
        case (1, 7 | 8 | 90) | (3, 1 | 2 | 3 | 5 | 6) | (4, 3 | 5):
            about = "us"
        case (3, 0) if code < FIRST_PERMANENT_CODE:
            about = "us"
        case (_, 0) | (7, 1 | 2):
            about = None
        case (1, _) if by_text == "us":
            about = "us"
        case (1 | 2, _) | (4, 4 | 6) | (6, 7) | (7, 17 | 18):
            about = "mailbox"
        case (3, _):
            about = "unclear"
        case (5, 1 | 2 | 4 | 5 | 6) if by_text == "mailbox":
            about = "mailbox"
        case (5, 1 | 2 | 4 | 5 | 6):
            about = "unclear" if code in _ADDRESS_CODES else "us"
        case (7, _) if detail not in _GROUP_DETAILS:
            about = "us"
        case _:
            about = None
    return about


def _by_text(step: SmtpStep, code: int, text: str, subject: int | None, *, about_us: bool) -> RefusalCause:
    about_a_mailbox = _ABOUT_A_MAILBOX.search(text) is not None
    if about_us != about_a_mailbox:
        return "us" if about_us else "mailbox"
    if about_us:
        return "unclear"
    if subject in {1, 2}:
        return "mailbox"
    plain = subject is None and step == "RCPT TO" and code in _MAILBOX_CODES
    return "mailbox" if plain and not _POLICY.search(text) else "unclear"
