"""What a customer wrote, without the mail that their program quotes below it: cut where that can be known.

Pure. A line that says who wrote when, in the languages of our customers, begins what is quoted, when quoted
lines or nothing follow. Answers between quoted lines stay as they are.
"""

import re

_WROTE = re.compile(
    r"^\s*(>\s*)?("
    r"on\b.{6,200}\bwrote\s*:"
    r"|(am|den|vom)\b.{6,200}\bschrieb\b.{0,100}:"
    r"|(den|d\.|på|på den|mån|tis|ons|tors|fre|lör|sön|man|tir|tor|lør|søn)\b.{6,200}\bskre[vf]\b.{0,100}:"
    r"|op\b.{6,200}\bschreef\b.{0,100}:"
    r"|le\b.{6,200}\ba écrit\s*:"
    r"|el\b.{6,200}\bescribió\s*:"
    r")\s*$",
    re.IGNORECASE,
)
"""It may be broken over some lines, since it is known by how it begins."""
_WROTE_ON_ONE_LINE = re.compile(
    r"^\s*(>\s*)?.{6,200}\b(skrev(\s+følgende)?|schreef(\s+het volgende)?|kirjoitti)\s*:\s*$", re.IGNORECASE
)
_DIVIDER = re.compile(
    r"^\s*-{2,}\s*("
    r"original message|original appointment|forwarded message|oprindelig meddelelse|oprindelig besked"
    r"|ursprüngliche nachricht|oorspronkelijk bericht|message d'origine|mensaje original"
    r"|ursprungligt meddelande|opprinnelig melding|alkuperäinen viesti"
    r")\s*-{2,}\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\s*\*?(from|fra|von|van|de|från|lähettäjä)\s*:\*?\s*\S", re.IGNORECASE)
_SENT = re.compile(
    r"^\s*\*?(sent|date|sendt|dato|gesendet|datum|verzonden|envoyé|enviado|fecha|skickat|lähetetty)\s*:",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"^\s*>")
MAX_HEADER_LINES = 3
"""Between the sender and the day of a mail that Outlook quotes."""
WRAPPED_LINES = 3
"""Over which a program may break the line that says who wrote."""


def without_quote(text: str) -> str:
    """The text above what it quotes; all of it, where nothing is above."""
    lines = text.split("\n")
    one_kind = _of_one_kind_below(lines)
    end = next((at for at in range(len(lines)) if _begins_quote(lines, at, one_kind)), len(lines))
    kept = lines[:end]
    if end == len(lines):
        while kept and (not kept[-1].strip() or _QUOTED.match(kept[-1])):
            kept.pop()
    above = "\n".join(kept).strip()
    return above or text.strip()


def _begins_quote(lines: list[str], at: int, one_kind: list[bool]) -> bool:
    line = lines[at]
    if _DIVIDER.match(line):
        return True
    if _FROM.match(line) and any(_SENT.match(each) for each in lines[at + 1 : at + 1 + MAX_HEADER_LINES]):
        return True
    if _WROTE_ON_ONE_LINE.match(line):
        return one_kind[at + 1]
    for count in range(1, WRAPPED_LINES + 1):
        wrapped = [each.strip() for each in lines[at : at + count]]
        if all(wrapped) and _WROTE.match(" ".join(wrapped)):
            return one_kind[min(at + count, len(lines))]
    return False


def _of_one_kind_below(lines: list[str]) -> list[bool]:
    """From each line on, and behind the last one: whether all lines are quoted, or none is.

    Where something of the writer's own stands between quoted lines, they answer between them.
    """
    found, own, quoted = [True], False, False
    for line in reversed(lines):
        if line.strip():
            is_quoted = _QUOTED.match(line) is not None
            own, quoted = own or not is_quoted, quoted or is_quoted
        found.append(not (own and quoted))
    return found[::-1]
