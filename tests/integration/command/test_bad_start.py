"""A start that cannot succeed ends with one sentence that says what to do, an exit code, and no traceback."""

import socket

import pytest
from support.commands import run
from support.stack import Postgres


@pytest.mark.parametrize(
    "arguments", [("run", "scorer", "worker", "--health-port"), ("run", "scorer", "api", "--port")]
)
def test_an_occupied_port_ends_the_process_with_a_sentence(arguments: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(*arguments, port)
    assert done.returncode == 1
    assert f"127.0.0.1:{port} is not to be had: address already in use" in done.stderr
    assert "--health-port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_migration_with_a_wrong_password_says_so(postgres: Postgres) -> None:
    url = postgres.state.database_url("scorer").replace(postgres.state.passwords["scorer"], "hunter2")
    done = run("migrate", "scorer", SCORER_DATABASE_URL=url)
    assert done.returncode == 1
    assert "the database refuses the password; check the …_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_topics_of_a_broker_that_is_away_are_not_compared_and_it_is_said() -> None:
    done = run("topics", "diff")
    assert done.returncode == 1
    assert "no broker answers; check AFTERWORD_KAFKA" in done.stderr
    assert "Traceback" not in done.stderr
