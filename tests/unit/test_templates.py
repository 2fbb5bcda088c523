"""A template sees the fields of its page, of the frame, and what every page has; nothing else."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import fields

import pytest
from jinja2 import Environment, meta, nodes

import services
from shared.pages.environment import Pages
from shared.pages.page import Frame, Page

EVERYWHERE = {"request", "staff", "csrf", "lang", "languages", "now"}


def all_pages() -> list[type[Page]]:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if ".migrations" not in module.name and "__main__" not in module.name:
            importlib.import_module(module.name)
    found: list[type[Page]] = []
    waiting: list[type[Page]] = [Page]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            found.append(kind)
            waiting.append(kind)
    return [kind for kind in found if "template" in vars(kind)]


def reached(environment: Environment, template: str) -> Iterator[str]:
    """The template with all that it extends, includes and imports."""
    waiting, seen = [template], set()
    while waiting:
        name = waiting.pop()
        if name in seen or environment.loader is None:
            continue
        seen.add(name)
        yield name
        source, _, _ = environment.loader.get_source(environment, name)
        waiting += [each for each in meta.find_referenced_templates(environment.parse(source)) if each]


def defined(template: nodes.Template) -> set[str]:
    """What a template defines itself: macros, imports, and what it sets."""
    macros = {node.name for node in template.find_all(nodes.Macro)}
    imports = {node.target for node in template.find_all(nodes.Import)}
    return macros | imports | {node.name for node in template.find_all(nodes.Name) if node.ctx == "store"}


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: f"{page.__module__}.{page.__name__}")
def test_a_template_uses_only_what_its_page_has(page: type[Page]) -> None:
    environment = Pages(".".join(page.__module__.split(".")[:2]))._environment
    used: set[str] = set()
    known = {each.name for kind in (page, Frame) for each in fields(kind)} | EVERYWHERE
    for name in reached(environment, page.template):
        source, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]
        template = environment.parse(source)
        used |= meta.find_undeclared_variables(template)
        known |= defined(template)
    assert used - known - environment.globals.keys() == set()
