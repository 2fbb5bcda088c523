"""The page of all settings (deploy/SETTINGS.md), generated from the classes that read them."""

from collections.abc import Sequence

from pydantic.fields import FieldInfo

from shared.settings import FILE_SUFFIX, TOOL_VARIABLES, EnvironmentSettings, is_secret

PAGE_HEAD = f"""\
# Settings

Made from the code by `afterword settings`; a test compares the two.

Every setting is an environment variable. What is missing, wrong or misspelt is named at once when a process
starts, and the process ends with 1. An empty value counts as not given. A secret may stand in a file instead,
whose path is given under its name with `{FILE_SUFFIX}` behind it; the end of its last line is no part of it.
"""
TABLE_HEAD = "| setting | default | meaning | example |\n|---|---|---|---|\n"


def page(kinds: Sequence[tuple[str, type[EnvironmentSettings]]]) -> str:
    """The page in Markdown. The title of a class of settings says which processes read it."""
    parts = [PAGE_HEAD]
    for title, kind in kinds:
        rows = [_row(kind.PREFIX + name.upper(), info) for name, info in kind.model_fields.items()]
        parts.append(f"## {title}\n\n{TABLE_HEAD}{''.join(rows)}")
    rows = [f"| `{name}` | | {meaning} | |\n" for name, meaning in TOOL_VARIABLES.items()]
    parts.append(f"## Tools beside the services\n\n{TABLE_HEAD}{''.join(rows)}")
    return "\n".join(parts)


def _row(name: str, info: FieldInfo) -> str:
    names = f"`{name}`" + (f" or `{name}{FILE_SUFFIX}`" if is_secret(info) else "")
    default = "**required**" if info.is_required() else _code(info.default)
    example = _code(info.examples[0]) if info.examples else ""
    return f"| {names} | {default} | {info.description} | {example} |\n"


def _code(value: object) -> str:
    if value is None:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
