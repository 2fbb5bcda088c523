"""Templates and pages fit together: each template uses the fields of its page, and each page has a template."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import fields

import pytest
from jinja2 import Environment, TemplateNotFound, nodes
from jinja2.meta import find_undeclared_variables

import services
from services import SERVICES
from shared.pages.environment import Pages
from shared.pages.page import Frame, Page

GIVEN_TO_ALL_PAGES = {"request", "staff", "csrf"}
MAIL_TEMPLATE_PREFIX = "mail"


def page_classes(base: type[Page] = Page) -> Iterator[type[Page]]:
    """The classes that name a template, of all services and of ``shared``."""
    for kind in base.__subclasses__():
        if "template" in vars(kind) and kind.__module__.startswith(("services.", "shared.")):
            yield kind
        yield from page_classes(kind)


for module in pkgutil.walk_packages(services.__path__, "services."):
    if ".migrations" not in module.name and "__main__" not in module.name:
        importlib.import_module(module.name)
PAGE_CLASSES = list(page_classes())


def package_of(page: type[Page]) -> str:
    """The package with the page's templates: ``services.scorer``, or ``shared.pages``."""
    return ".".join(page.__module__.split(".")[:2])


def environment_of(package: str) -> Environment:
    return Pages(package)._environment


def parsed(environment: Environment, name: str) -> nodes.Template:
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    return environment.parse(source)


Reference = nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport


def referenced(template: nodes.Template, *kinds: type[Reference]) -> Iterator[str]:
    """The names of the templates that this one extends, includes or imports, in conditions too."""
    for reference in template.find_all(kinds):
        name = reference.template
        for constant in [name] if isinstance(name, nodes.Const) else name.find_all(nodes.Const):
            yield constant.value


def reached(environment: Environment, name: str) -> set[str]:
    """The template with all that it extends, includes and imports, directly or not."""
    waiting, seen = [name], set()
    while waiting:
        if (current := waiting.pop()) not in seen:
            seen.add(current)
            kinds = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
            waiting += referenced(parsed(environment, current), *kinds)
    return seen


def defined(template: nodes.Template) -> set[str]:
    """The names that a template imports or sets, and its macros: blocks see them, unlike Jinja's analysis."""
    named = {each.name for each in template.find_all(nodes.Macro)}
    named |= {each.target for each in template.find_all(nodes.Import)}
    return named | {each.name for each in template.find_all(nodes.Name) if each.ctx == "store"}


def variables_of(environment: Environment, name: str) -> set[str]:
    """The variables that a page with this template must have."""
    templates = [parsed(environment, each) for each in reached(environment, name)]
    used = set().union(*map(find_undeclared_variables, templates))
    return used.difference(environment.globals, GIVEN_TO_ALL_PAGES, *map(defined, templates))


@pytest.mark.parametrize("page", PAGE_CLASSES, ids=lambda page: f"{page.__module__}.{page.__name__}")
def test_a_template_uses_only_the_fields_of_its_page(page: type[Page]) -> None:
    known = {each.name for kind in (page, Frame) for each in fields(kind)}
    assert variables_of(environment_of(package_of(page)), page.template) - known == set()


@pytest.mark.parametrize("page", PAGE_CLASSES, ids=lambda page: f"{page.__module__}.{page.__name__}")
def test_a_page_hides_no_field_of_its_frame(page: type[Page]) -> None:
    assert {each.name for each in fields(page)} & {each.name for each in fields(Frame)} <= {
        "time_zone",
        "company",
    }


@pytest.mark.parametrize("package", ["shared.pages", *(f"services.{name}" for name in SERVICES)])
def test_every_template_but_partials_bases_and_mails_has_a_page(package: str) -> None:
    environment = environment_of(package)
    own = {name for name in environment.list_templates() if is_own(package, environment, name)}
    bases = {base for name in own for base in referenced(parsed(environment, name), nodes.Extends)}
    partials = {name for name in own if name.startswith(("_", MAIL_TEMPLATE_PREFIX))}
    with_class = {page.template for page in PAGE_CLASSES if package_of(page) == package}
    assert own - bases - partials == with_class


def is_own(package: str, environment: Environment, name: str) -> bool:
    """Whether the template lies in this package, and is not a shared one."""
    assert environment.loader is not None
    try:
        _, filename, _ = environment.loader.get_source(environment, name)
    except TemplateNotFound:
        return False
    return filename is not None and f"/{package.replace('.', '/')}/" in filename
