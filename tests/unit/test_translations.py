"""Every text for people is marked, Danish and Dutch have it in all packages, and the customers' in nine languages."""

import ast
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path, PurePath

import pytest
from jinja2 import Environment, nodes
from support.source_code import without_migrations
from support.translations import ShownText

from shared.cli.messages import (
    CUSTOMER_LANGUAGES,
    LANGUAGES,
    ROOT,
    Extracted,
    packages,
    read_catalogue,
    wanted_messages,
)

PLURAL_FORMS = 2
"""Of each of our languages."""
PLACEHOLDER = re.compile(r"%\(\w+\)s|(?<!%)\{\w+\}")
TRANSLATING = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
UNTRANSLATED = {"Afterword", "NPS", "required"}
"""Names, and an attribute without a value."""
ATTRIBUTE = re.compile(r"[\w-]+=\"[^\"]*\"")
"""In a text: of a tag that the template puts together."""
LABEL_MODULES = ("labels.py", "timeline_lines.py")
FAULTS = {
    "Problem",
    "FieldFault",
    "BadSegment",
    "BadWindow",
    "BadBatch",
    "Unacceptable",
    "BadAccount",
    "NotPossible",
}
"""Their texts are shown to people."""
PROSE = re.compile(r"[A-Za-z]{2,}[,.:]? [a-z]{2,}(?![\w-]*-)|^[A-Z][a-z]+[.…]?$")
"""A sentence, or a word with a capital."""


def of_language(package: str, language: str) -> dict[Extracted, tuple[tuple[str, ...], bool]]:
    """The package's translations: the forms of each message, and whether they are fuzzy."""
    found: dict[Extracted, tuple[tuple[str, ...], bool]] = {}
    for each in read_catalogue(package, language):
        if each.id:
            text, many = each.id if isinstance(each.id, tuple) else (str(each.id), None)
            forms = each.string if isinstance(each.string, tuple) else (str(each.string or ""),)
            found[Extracted(text, many, each.context)] = (forms, each.fuzzy)
    return found


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("language", [*LANGUAGES, *CUSTOMER_LANGUAGES])
@pytest.mark.parametrize("package", packages())
def test_a_language_has_exactly_the_messages_of_the_code(package: str, language: str) -> None:
    assert wanted_messages(package, language) == set(of_language(package, language))


@pytest.mark.parametrize("language", [*LANGUAGES, *CUSTOMER_LANGUAGES])
@pytest.mark.parametrize("package", packages())
def test_a_translation_is_whole_with_the_same_placeholders(package: str, language: str) -> None:
    faults = []
    for (text, many, _), (forms, fuzzy) in of_language(package, language).items():
        if fuzzy or not all(forms) or len(forms) != (PLURAL_FORMS if many else 1):
            faults.append(text)
        if placeholders(forms[-1]) != placeholders(many or text):
            faults.append(f"{text}: {forms[-1]}")
        for form in forms:
            # A singular may say “one” for the number; nothing else is left out or made up.
            if not set(placeholders(form)) <= set(placeholders(f"{text} {many}")):
                faults.append(f"{text}: {form}")
            if text.endswith(".") != form.endswith("."):
                faults.append(f"{text}: {form}")
    assert faults == []


def templates() -> list[Path]:
    return sorted(path for folder in ("services", "shared") for path in (ROOT / folder).rglob("templates/*"))


def pieces(node: nodes.Node) -> Iterator[str]:
    """The template's own text in the order of the document; a blank stands for each value."""
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif isinstance(node, nodes.Output | nodes.Template | nodes.Stmt):
        for child in node.iter_child_nodes():
            yield from pieces(child)
    else:
        yield " "


def prose_in(node: nodes.Node) -> Iterator[str]:
    """Texts among the values of a template that read like prose, outside of translations."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in TRANSLATING:
        for argument in node.kwargs:
            yield from prose_in(argument)
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and PROSE.search(node.value):
        yield node.value
    for child in node.iter_child_nodes():
        yield from prose_in(child)


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_marks_each_text(path: Path) -> None:
    template = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(path.read_text())
    shown = ShownText("".join(pieces(template)))
    texts = {ATTRIBUTE.sub("", text).strip() for text in shown.found} - UNTRANSLATED
    assert [text for text in texts if re.search(r"[^\W\d_]{2,}", text)] + list(prose_in(template)) == []


def called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def unmarked_in(node: ast.AST) -> Iterator[str]:
    """Prose in the code that no function translates or marks."""
    if called(node) in {"translated", "counted", "message", "translatable"}:
        return
    if isinstance(node, ast.JoinedStr):
        text = "…".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        if PROSE.search(text):
            yield text
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and PROSE.search(node.value):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from unmarked_in(child)


def test_a_refusal_marks_its_texts() -> None:
    faults = [
        f"{path}: {text}"
        for path, module in without_migrations("services", "shared")
        for call in ast.walk(module)
        if called(call) in FAULTS
        for shown in [*call.args, *(each.value for each in call.keywords if each.arg != "headers")]  # type: ignore[attr-defined]
        for text in unmarked_in(shown)
    ]
    assert faults == []


def without_docstrings(module: ast.Module) -> ast.Module:
    for node in ast.walk(module):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                each
                for each in body
                if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
            ]
    return module


def test_a_module_of_labels_marks_its_texts() -> None:
    faults = [
        f"{path}: {text}"
        for path, module in without_migrations("services", "shared")
        if PurePath(path).name in LABEL_MODULES and "pages" not in PurePath(path).parts
        for text in unmarked_in(without_docstrings(deepcopy(module)))
    ]
    assert faults == []
