"""Rules of the pages about the code: each is one sentence, and names the way out."""

import re
from collections import Counter
from pathlib import Path

import pytest
from support.source_code import ROOT

from shared.privacy.audit import AUDIT_ACTS

GLOSSARY = """
    absence, adaptive sampling, anonymous, answer, audit, audit line, baseline, belongs, benchmark, beyond the draw, bounce, bundle, calendar, case, case mail, channel, chat channel, claim, closed company, complaint, condition, consume, contact, contact policy, context, counter-event, customer, dead letter,
    deadline, decision, declared basis, delivery, destination, detractor, digest, dimension, distance, draft, dry run, earlier score, edit window, erasure, escalation, event, evidence, export, fall, fence, first day, found theme, fuse,
    gap, handler, held answer, hold, holding time, huddle, identity provider, import, improvement, incident, intent, introduction, invitation, judgement, lane, layout, lease, letter of Monday, link template, loop, mapping, margin, mark, measurement, message, mix, model, neutral, noted, notice, notification, NPS, objection, outbox, outranked, pair, partition, period,
    person, personal link, position, postpone, profile, programme, promise, publish, push message, quarantine, question, quiet hours, re-ask, reader, receipt, record, rehearsal, relay, reminder, replay, replica, reply, report, restore guard,
    retention rule, round, route, rule, sampling, saved view, scope, score, screen, sealed, second factor, segment, segment alert, selector, sender, setup, share, share link, sign, source, staff network, stem, subscription, suppression, survey, suspect, target, team, tenant, text block, text message, theme, topic, total, touchpoint, transaction, unbegged score, unready,
    version, wave, webhook, window
"""


def test_the_glossary_has_each_term_once() -> None:
    """A term that the code uses is defined in ARCHITECTURE.md; write its line, and its name here."""
    text = (ROOT / "ARCHITECTURE.md").read_text().partition("\n## Glossary\n")[2]
    terms = [row for row in re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE) if row not in {"term", "---"}]
    assert [term for term, count in Counter(terms).items() if count > 1] == []
    assert terms == sorted(terms, key=str.casefold)
    assert {term.strip() for term in re.split(r",\s", GLOSSARY)} == set(terms)


def test_the_table_of_who_looked_has_each_act_of_the_log() -> None:
    """An act that leaves a line says who leaves it, in "Who looked" of ARCHITECTURE.md; ``key_…`` is each of these."""
    text = (ROOT / "ARCHITECTURE.md").read_text().partition("\n## Who looked\n")[2].partition("\n## ")[0]
    names = [
        name
        for row in re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE)
        for name in re.findall(r"`(.+?)`", row)
    ]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    found = {
        act: [name for name in names if act == name or (name.endswith("…") and act.startswith(name[:-1]))]
        for act in AUDIT_ACTS
    }
    assert [act for act, rows in found.items() if len(rows) != 1] == []
    assert set(names) - {name for rows in found.values() for name in rows} == set()


FOLDERS = ("services", "shared", "deploy", "tests")
PAGES = [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.md")))]
PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w")
FILE = re.compile(r"`([\w-][\w/-]*\.(?:html|js|md|py|yaml))`")
"""In an address, which begins with a slash, no file is named."""
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
MADE_BY_ITS_READER = {"deploy/.env"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    """Who moves a file corrects the pages that lead to it."""
    text = page.read_text()
    missing = [name for name in PATH.findall(text) if not (ROOT / name).exists()]
    missing += [name for name in FILE.findall(text) if not is_somewhere(name)]
    missing += [name for name in LINK.findall(text) if not (page.parent / name).exists()]
    assert set(missing) - MADE_BY_ITS_READER == set()


def is_somewhere(name: str) -> bool:
    """Whether a file has this path, or one that ends so: a page about a service names its modules alone."""
    return (ROOT / name).exists() or any(any((ROOT / folder).rglob(name)) for folder in FOLDERS)


def wide_tables() -> list[tuple[str, str]]:
    """The tables of staff's pages that have four columns or more."""
    return [
        (path.name, table)
        for path in sorted((ROOT / "services").glob("*/templates/*.html"))
        for table in re.findall(r"<table .*?</table>", path.read_text(), re.DOTALL)
        if table.partition("</thead>")[0].count('<th scope="col"') >= 4
    ]


def test_a_table_of_several_columns_folds_on_a_narrow_window_and_stays_a_table_for_a_screen_reader() -> None:
    """Give it ``class="figures listing" role="table"``, its rows and cells their roles, and cells ``data-head``."""
    assert len(wide_tables()) > 5
    wrong = [
        name
        for name, table in wide_tables()
        for body in [table.partition("<tbody")[2]]
        if not re.match(r'<table class="figures listing[ a-z]*" role="table">', table)
        or re.search(r"<tr(?! role=\"row\")", body)
        or re.search(r"<td(?![^>]*role=\"cell\")", body)
        or re.search(r"<td(?![^>]*data-head=)[^>]*>(?!<form)", body)
    ]
    assert wrong == []
