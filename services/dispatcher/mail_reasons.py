"""Why a mail was not sent, as pages say it."""

import re

from shared.pages.language import spoken
from shared.values.messages import translatable

REASONS = (
    translatable("this is no address"),
    translatable("the mail server takes ASCII addresses only"),
    translatable("the mail server takes ASCII addresses only, and AFTERWORD_MAIL_FROM is another"),
    translatable("the mail server did not answer"),
    translatable("the mail server does not greet us"),
    translatable("the mail server refuses EHLO; see AFTERWORD_SMTP_EHLO"),
    translatable("the mail server refuses user or password of AFTERWORD_SMTP_URL"),
    translatable("the mail server refuses AFTERWORD_MAIL_FROM as sender"),
    translatable("the mail server refuses STARTTLS"),
    translatable("the mail server would not begin"),
    translatable("the connection broke before the mail was handed over"),
    translatable("the connection broke while the mail was handed over"),
    translatable("the mail server answered what is no refusal"),
    translatable("the mail server refused a mail at RCPT TO"),
    translatable("the mail server refused a mail at DATA"),
    translatable("the mail server refused a mail at the end of the mail"),
    translatable("the SMS provider refuses the account or secret of the settings"),
    translatable("the SMS provider refuses the sender or country"),
    translatable("the SMS provider refuses the number"),
    translatable("the SMS provider refuses a message"),
    translatable("the SMS provider cannot text the number now"),
    translatable("the SMS provider takes no message now"),
    translatable("the SMS provider answered what is no refusal"),
    translatable("the SMS provider did not answer"),
    translatable("the connection broke while the message was handed over"),
    translatable("no SMS provider is set"),
    translatable("the country of the number takes no name as sender"),
    translatable("the network could not deliver it"),
    translatable("the sender did not come back to say what became of it"),
    translatable("the database was restored"),
)
"""What ``shared.mail`` and ``shared.outbound`` store, without codes and advice."""
ADVICE = (
    translatable("it does not let us send as AFTERWORD_MAIL_FROM"),
    translatable("it relays for those it knows only: check user and password in AFTERWORD_SMTP_URL"),
    translatable("it does not take the name that we greet it with: set AFTERWORD_SMTP_EHLO"),
    translatable("our network or domain has a bad name there, or lacks SPF, DKIM or reverse DNS"),
    translatable("we have sent more than it allows"),
    translatable("it wants another encryption: see AFTERWORD_SMTP_URL"),
    translatable("it is about us, not about a mailbox"),
    translatable("it may have been sent since the backup"),
    translatable("see DISPATCHER_SMS_PROVIDER"),
    translatable("set DISPATCHER_SMS_NUMBER"),
)
"""What they explain, or advise the operator, after a colon."""
_PARTS = re.compile(r"(?P<what>[^(]+?)(?P<detail> \(.*\))?(?:: (?P<advice>[^()]+))?")


def mail_reason(reason: str | None) -> str:
    """A stored reason in the reader's language; codes, and what an error says of itself, stay as they are."""
    parts = _PARTS.fullmatch(reason or "")
    if parts is None:
        return reason or ""
    advice = f": {spoken(parts['advice'])}" if parts["advice"] else ""
    return f"{spoken(parts['what'])}{parts['detail'] or ''}{advice}"
