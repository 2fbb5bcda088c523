"""What a local stack remembers, and whether one runs."""

import json
from pathlib import Path

import pytest

from deploy.local import lock
from deploy.local.mail import MailStore, links
from deploy.local.mailbox_pages import with_links_in_new_tabs
from deploy.local.state import PORT_NAMES, PORT_RANGE, SERVICES, State, environment


def test_ports_and_secrets_are_chosen_once(tmp_path: Path) -> None:
    assert State.existing(tmp_path) is None
    first = State.open(tmp_path)
    assert set(first.ports) == set(PORT_NAMES)
    assert len(set(first.ports.values())) == len(PORT_NAMES)
    assert State.open(tmp_path) == first


def test_a_state_of_before_gets_the_ports_of_programs_that_are_new(tmp_path: Path) -> None:
    before = State.open(tmp_path)
    stored = json.loads((tmp_path / "stack.json").read_text())
    del stored["ports"]["replies"]
    (tmp_path / "stack.json").write_text(json.dumps(stored))
    after = State.open(tmp_path)
    assert set(after.ports) == set(PORT_NAMES)
    assert {**after.ports, "replies": 0} == {**before.ports, "replies": 0}
    assert State.open(tmp_path) == after


def test_two_stacks_share_no_secret(tmp_path: Path) -> None:
    one, other = State.open(tmp_path / "one"), State.open(tmp_path / "other")
    assert not {one.secret, *one.passwords.values()} & {other.secret, *other.passwords.values()}
    assert len(one.secret) >= 32


def test_two_stacks_that_do_not_run_yet_share_no_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.state.PORT_RANGE", PORT_RANGE[: 4 * len(PORT_NAMES)])
    one, other = State.open(tmp_path / "one"), State.open(tmp_path / "other")
    assert not set(one.ports.values()) & set(other.ports.values())


def test_secrets_are_the_owner_s_alone_and_not_in_a_trace(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    assert (tmp_path / "stack.json").stat().st_mode & 0o777 == 0o600
    assert state.secret not in repr(state)
    assert state.passwords["scorer"] not in repr(state)


def test_the_environment_names_every_service_s_own_database(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    settings = environment(state)
    for service in SERVICES:
        assert settings[f"{service.upper()}_DATABASE_URL"] == (
            f"postgresql+asyncpg://{service}:{state.passwords[service]}"
            f"@127.0.0.1:{state.ports['postgres']}/{service}"
        )
    assert settings["AFTERWORD_PUBLIC_URL"] == settings["AFTERWORD_STAFF_URL"] == state.origin


def test_one_stack_runs_at_a_time_and_its_claim_ends_with_it(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    assert lock.supervisor_pid(state) is None
    with lock.claim(state):
        assert lock.supervisor_pid(state) is not None
        assert not lock.wait_until_free(state, 0)
        with pytest.raises(lock.AlreadyRunningError), lock.claim(state):
            pass
    assert lock.supervisor_pid(state) is None
    assert lock.wait_until_free(state, 0)


def test_what_a_stack_said_counts_only_while_it_runs(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    with lock.claim(state):
        status: lock.StackStatus = {
            "pid": lock.supervisor_pid(state) or 0,
            "demo": False,
            "doing": "Ready",
            "ready": True,
            "services": [],
        }
        lock.write_status(state, status)
        assert lock.read_status(state) == status
    assert lock.read_status(state) is None


def test_a_link_ends_before_the_sentence_does() -> None:
    assert links("See <http://a.example/s/x?v=3>. Or (https://b.example/u/y)!") == [
        "http://a.example/s/x?v=3",
        "https://b.example/u/y",
    ]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<HEAD lang="da">x', '<HEAD lang="da"><base target="_blank">x'),
        ("<p>no head</p>", '<base target="_blank"><p>no head</p>'),
        ("<header>x</header>", '<base target="_blank"><header>x</header>'),
    ],
)
def test_links_of_a_mail_open_in_a_new_tab(html: str, expected: str) -> None:
    assert with_links_in_new_tabs(html) == expected


@pytest.mark.parametrize("subject", ["=?utf-8?b?a?=", "=?no-such-set?q?a?=", "plain"])
def test_a_subject_that_cannot_be_decoded_is_shown_as_it_came(tmp_path: Path, subject: str) -> None:
    mails = MailStore(tmp_path / "mails")
    mails.add("shop@example.com", "reader@example.com", f"Subject: {subject}\r\n\r\nHello\r\n".encode())
    (mail,) = mails.newest_first()
    assert mail.subject == subject


def test_nobody_else_reads_a_folder_with_mails_and_events(tmp_path: Path) -> None:
    root = tmp_path / "state"
    root.mkdir(mode=0o755)
    State.open(root)
    assert root.stat().st_mode & 0o777 == 0o700
    State.open(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_folder_through_which_the_database_passes_stays_passable_and_no_more(tmp_path: Path) -> None:
    State.open(tmp_path)
    for before, after in ((0o755, 0o711), (0o711, 0o711), (0o700, 0o700), (0o777, 0o711)):
        tmp_path.chmod(before)
        State.open(tmp_path)
        assert tmp_path.stat().st_mode & 0o777 == after
