"""The command: which kinds of process there are of each service."""

import pytest
from typer.testing import CliRunner

from services import SERVICES
from services.command import app, service


@pytest.mark.parametrize("name", ["trigger", "collector", "scorer"])
def test_a_role_that_a_service_lacks_is_refused_with_those_it_has(name: str) -> None:
    done = CliRunner().invoke(app, ["run", name, "sender"], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert f"{name} has no sender; it runs as api and worker" in done.output


def test_all_five_in_one_process_are_apis_only() -> None:
    done = CliRunner().invoke(app, ["run", "all", "worker"], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "all has no worker; it runs as api" in done.output


def test_who_sends_mail_has_a_sender() -> None:
    assert [name for name in SERVICES if "sender" in service(name).roles] == ["dispatcher", "alerts"]
