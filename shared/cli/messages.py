"""``make messages``: bring the catalogues of translations up to date with the messages in code and templates.

New messages are added without a translation, unused ones removed; translations are kept. In the languages of
staff a package's ``messages.po`` has all its messages. In those of customers alone ``customers.po`` has those
of the files that customers read.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).parents[2]
LANGUAGES = ("da", "nl")
"""Of staff and of customers."""
CUSTOMER_LANGUAGES = ("de", "es", "fi", "fr", "nb", "sv")
"""Of customers alone."""
CUSTOMER_FILES: dict[str, tuple[str, ...]] = {
    "shared": (
        "pages/templates/_document.html",
        "pages/templates/customer.html",
        "pages/templates/error.html",
        "pages/placeholder_values.py",
        "http/admission.py",
        "http/middleware.py",
        "http/problems.py",
    ),
    "services/collector": (
        "templates/_receipt.html",
        "templates/answered.html",
        "templates/gone.html",
        "templates/moment.html",
        "templates/receipt.html",
        "templates/survey.html",
        "templates/thanks.html",
        "question_api.py",
        "question_views.py",
        "question_words.py",
        "survey_texts.py",
    ),
    "services/dispatcher": (
        "templates/_mail_reminder.html",
        "templates/_mail_styles.html",
        "templates/mail.html",
        "templates/mail.txt",
        "templates/mail_reply.html",
        "templates/mail_reply.txt",
        "templates/mail_subject.txt",
        "templates/mail_update.html",
        "templates/mail_update.txt",
        "templates/preferences.html",
        "templates/preferences_unknown.html",
        "invitations/survey_mail.py",
        "sms/survey_text.py",
        "updates/update_mail.py",
    ),
    "services/scorer": ("improvements/published_texts.py",),
}
"""Whose texts customers read, by package: patterns inside it."""
SHARED = "shared"
"""Its messages are translated once, for the pages of all services."""
PYTHON_CALLS = frozenset({"translated", "counted", "message", "translatable"})
TEMPLATE_CALLS = ("_", "gettext", "ngettext", "pgettext", "npgettext")
CALLS_WITH_CONTEXT = frozenset({"pgettext", "npgettext"})
"""Their first argument tells apart two uses of one English text."""
TEMPLATE_OPTIONS = {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plurals}\\n"

"""


class Extracted(NamedTuple):
    """A message as the code has it."""

    text: str
    many: str | None = None
    context: str | None = None


def packages() -> list[str]:
    """``shared`` and the services, as folders."""
    return [SHARED, *(f"services/{folder.name}" for folder in sorted((ROOT / "services").glob("*/")))]


@cache
def messages_of(package: str) -> frozenset[Extracted]:
    """The messages that the package's own catalogues must have in the languages of staff."""
    return _messages_in(package, ["**/*"]) - (messages_of(SHARED) if package != SHARED else frozenset())


@cache
def customer_messages_of(package: str) -> frozenset[Extracted]:
    """The messages that the package's own catalogues must have in the languages of customers alone."""
    own = _messages_in(package, CUSTOMER_FILES.get(package, ()))
    return own - (customer_messages_of(SHARED) if package != SHARED else frozenset())


def wanted_messages(package: str, language: str) -> frozenset[Extracted]:
    """The messages that the package must have in a language."""
    return customer_messages_of(package) if language in CUSTOMER_LANGUAGES else messages_of(package)


def _messages_in(package: str, patterns: Iterable[str]) -> frozenset[Extracted]:
    found: dict[tuple[str, str | None], Extracted] = {}
    for each in _extracted(package, patterns):
        if each.many is not None or (each.text, each.context) not in found:
            found[each.text, each.context] = each
    return frozenset(found.values())


def catalogue_path(package: str, language: str) -> Path:
    """The file with the package's translations into a language."""
    folder = ROOT / ("shared/pages" if package == SHARED else package)
    name = "customers.po" if language in CUSTOMER_LANGUAGES else "messages.po"
    return folder / "locales" / language / "LC_MESSAGES" / name


def read_catalogue(package: str, language: str) -> Catalog:
    """The translations; none where the file does not exist yet."""
    path = catalogue_path(package, language)
    return read_po(BytesIO(path.read_bytes() if path.exists() else b""), language)


def _extracted(package: str, patterns: Iterable[str]) -> Iterator[Extracted]:
    paths = sorted({path for pattern in patterns for path in (ROOT / package).glob(pattern)})
    for path in (path for path in paths if path.suffix == ".py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id in PYTHON_CALLS
            ):
                texts = [each.value for each in call.args[:2] if isinstance(each, ast.Constant)]
                if texts and all(isinstance(text, str) for text in texts):
                    yield Extracted(*map(str, texts))
    for path in (path for path in paths if path.parent.name == "templates"):
        with path.open("rb") as template:
            for _, marker, found, _ in babel_extract(template, TEMPLATE_CALLS, (), TEMPLATE_OPTIONS):
                parts: Any = found  # a text, or the context, the one or two texts and None for an expression
                written = [str(part) for part in ([parts] if isinstance(parts, str) else parts) if part]
                context = written.pop(0) if marker in CALLS_WITH_CONTEXT else None
                text, *plural = written
                yield Extracted(text, plural[0] if plural else None, context)


def update(package: str, language: str) -> int:
    """Write the package's catalogue anew; return how many of its messages have no translation."""
    wanted, known = wanted_messages(package, language), read_catalogue(package, language)
    new, missing = Catalog(language), 0
    for each in wanted:
        old = known.get(each.text, each.context)
        translation = old.string if old is not None else ""
        missing += not translation
        text = each.text if each.many is None else (each.text, each.many)
        new.add(text, translation, context=each.context)
    path, body = catalogue_path(package, language), BytesIO()
    if wanted:
        write_po(body, new, width=0, no_location=True, omit_header=True, sort_output=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER.format(language=language, plurals=new.plural_forms) + body.getvalue().decode())
    return missing


if __name__ == "__main__":
    for package in packages():
        for language in (*LANGUAGES, *CUSTOMER_LANGUAGES):
            if missing := update(package, language):
                print(f"{catalogue_path(package, language).relative_to(ROOT)}: {missing} to translate")  # noqa: T201
