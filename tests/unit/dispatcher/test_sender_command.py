"""``afterword sender``: a key as the settings take it, and a look at the installation's sender."""

import pytest
import typer
from support.http_clients import environment_of
from typer.testing import CliRunner

from services.dispatcher.command import add_to
from shared.mail import dns
from shared.values.dkim_keys import new_key, read_keys

APP = typer.Typer()
add_to(APP, lambda: None)


def test_a_key_is_written_as_the_settings_read_it_and_its_record_beside() -> None:
    for more, kind in (([], "rsa-sha256"), (["--ed25519"], "ed25519-sha256")):
        done = CliRunner().invoke(APP, ["sender", "key", "s2026", *more])
        (key,) = read_keys(done.stdout)
        assert (done.exit_code, key.selector, key.algorithm) == (0, "s2026", kind)
        assert done.stderr.strip() == f's2026._domainkey  TXT  "{key.record}"'
    assert CliRunner().invoke(APP, ["sender", "key", "S 2026"]).exit_code == 2


def test_a_look_says_what_is_not_known_and_what_is_to_be_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "ANSWER_TIMEOUT_S", 0.2)
    key = new_key("s1", "ed25519-sha256")
    environment = {
        **environment_of(),
        "AFTERWORD_DKIM_KEYS": key.written(),
        "AFTERWORD_SPF": "ip4:192.0.2.25",
    }
    done = CliRunner().invoke(APP, ["sender", "check"], env=environment)
    assert done.exit_code == 1, done.output  # nobody listens at the address of the mail server
    lines = done.stdout.splitlines()
    assert lines[0] == "afterword@example.com"
    assert (
        "  Not known: Signature (DKIM). DNS gave no answer, so nothing is known. Look again in a while."
        in lines
    )
    assert any(
        line.startswith("  To mend: Encryption (TLS). The mail server does not answer") for line in lines
    )
    assert "PRIVATE" not in done.output
