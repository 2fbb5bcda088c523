"""``make messages``: bring the catalogues of translations up to date with the messages in code and templates.

New messages are added without a translation, unused ones removed; translations are kept.
"""

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).parents[2]
LANGUAGES = ("da", "nl")
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
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


class Extracted(NamedTuple):
    """A message as the code has it."""

    text: str
    many: str | None = None
    context: str | None = None


def packages() -> list[str]:
    """``shared`` and the services, as folders."""
    return [SHARED, *(f"services/{folder.name}" for folder in sorted((ROOT / "services").glob("*/")))]


def messages_of(package: str) -> set[Extracted]:
    """The messages that the package's own catalogues must have."""
    found: dict[tuple[str, str | None], Extracted] = {}
    for each in _extracted(package):
        if each.many is not None or (each.text, each.context) not in found:
            found[each.text, each.context] = each
    return set(found.values()) - (messages_of(SHARED) if package != SHARED else set())


def catalogue_path(package: str, language: str) -> Path:
    """The file with the package's translations into a language."""
    folder = ROOT / ("shared/pages" if package == SHARED else package)
    return folder / "locales" / language / "LC_MESSAGES" / "messages.po"


def read_catalogue(package: str, language: str) -> Catalog:
    """The translations; none where the file does not exist yet."""
    path = catalogue_path(package, language)
    return read_po(BytesIO(path.read_bytes() if path.exists() else b""), language)


def _extracted(package: str) -> Iterator[Extracted]:
    for path in sorted((ROOT / package).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id in PYTHON_CALLS
            ):
                texts = [each.value for each in call.args[:2] if isinstance(each, ast.Constant)]
                if texts and all(isinstance(text, str) for text in texts):
                    yield Extracted(*map(str, texts))
    for path in sorted((ROOT / package).rglob("templates/*")):
        with path.open("rb") as template:
            for _, marker, found, _ in babel_extract(template, TEMPLATE_CALLS, (), TEMPLATE_OPTIONS):
                parts: Any = found  # a text, or the context, the one or two texts and None for an expression
                written = [str(part) for part in ([parts] if isinstance(parts, str) else parts) if part]
                context = written.pop(0) if marker in CALLS_WITH_CONTEXT else None
                text, *plural = written
                yield Extracted(text, plural[0] if plural else None, context)


def update(package: str, language: str) -> int:
    """Write the package's catalogue anew; return how many of its messages have no translation."""
    wanted, known = messages_of(package), read_catalogue(package, language)
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
        path.write_text(HEADER.format(language=language) + body.getvalue().decode())
    return missing


if __name__ == "__main__":
    for package in packages():
        for language in LANGUAGES:
            if missing := update(package, language):
                print(f"{catalogue_path(package, language).relative_to(ROOT)}: {missing} to translate")  # noqa: T201
