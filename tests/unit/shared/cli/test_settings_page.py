"""The page of all settings holds what the code reads."""

from pathlib import Path

from typer.testing import CliRunner

from services import SERVICES
from services.command import app, service
from shared.settings import Afterword, EnvironmentSettings, known_names

PAGE = Path(__file__).parents[4] / "deploy" / "SETTINGS.md"


def test_the_page_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(app, ["settings"]).output
    assert PAGE.read_text() == printed, "afterword settings > deploy/SETTINGS.md"


def test_every_setting_is_on_the_page_with_a_meaning_and_an_example() -> None:
    page = PAGE.read_text()
    kinds: list[type[EnvironmentSettings]] = [Afterword, *(service(name).settings for name in SERVICES)]
    for kind in kinds:
        for name in known_names(kind):
            assert f"`{name}`" in page
        for name, info in kind.model_fields.items():
            assert info.description, name
            assert info.examples, name
