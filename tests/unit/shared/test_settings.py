"""Settings: everything that is wrong is named at once, with what to write instead."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services import SERVICES
from services.command import service
from services.trigger.settings import Settings
from shared.settings import Afterword, EnvironmentSettings, SettingsError, load
from shared.values.dkim_keys import new_key, read_keys

GOOD = {
    "AFTERWORD_KAFKA": "127.0.0.1:9092",
    "AFTERWORD_PUBLIC_URL": "https://ask.example",
    "AFTERWORD_STAFF_URL": "https://afterword.example",
    "AFTERWORD_SECRET": "x" * 32,
    "AFTERWORD_SMTP_URL": "smtp://127.0.0.1:25",
    "TRIGGER_DATABASE_URL": "postgresql+asyncpg://trigger:secret@127.0.0.1/trigger",
}

KINDS: list[type[EnvironmentSettings]] = [Afterword, Settings]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(**changes: str | None) -> None:
        for name, value in {**GOOD, **changes}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return use


def test_settings_are_read_from_the_environment(environment: Callable[..., None]) -> None:
    environment()
    afterword, own = load(KINDS)
    assert isinstance(afterword, Afterword)
    assert isinstance(own, Settings)
    assert afterword.kafka == "127.0.0.1:9092"
    assert own.database_url.get_secret_value().startswith("postgresql")


def test_all_faults_are_named_at_once(environment: Callable[..., None]) -> None:
    environment(
        AFTERWORD_KAFKA=None, AFTERWORD_SECRET="short", TRIGGER_DATABSE_URL="x", TRIGGER_DATABASE_URL=None
    )
    with pytest.raises(SettingsError) as caught:
        load(KINDS)
    faults = str(caught.value).splitlines()
    assert {fault.split(":")[0] for fault in faults} == {
        "AFTERWORD_KAFKA",
        "AFTERWORD_SECRET",
        "TRIGGER_DATABSE_URL",
        "TRIGGER_DATABASE_URL",
    }
    assert "did you mean TRIGGER_DATABASE_URL?" in str(caught.value)


def test_a_fault_never_shows_the_value(environment: Callable[..., None]) -> None:
    environment(AFTERWORD_SECRET="hunter2")
    with pytest.raises(SettingsError) as caught:
        load(KINDS)
    assert "hunter2" not in str(caught.value)


def test_another_services_settings_are_none_of_ours(environment: Callable[..., None]) -> None:
    environment(SCORER_ANYTHING="x", PATH_LIKE="y")
    load(KINDS)


def faults(*kinds: type[EnvironmentSettings]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load([*kinds])
    return str(caught.value).splitlines()


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file_without_its_line_end(
    environment: Callable[..., None], tmp_path: Path, end: str
) -> None:
    held = tmp_path / "secret"
    held.write_bytes(f"{'s' * 40} {end}".encode())
    url = tmp_path / "url"
    url.write_text("postgresql+asyncpg://trigger:other@127.0.0.1/trigger" + end)
    environment(
        AFTERWORD_SECRET=None, AFTERWORD_SECRET_FILE=str(held),
        TRIGGER_DATABASE_URL=None, TRIGGER_DATABASE_URL_FILE=str(url),
    )  # fmt: skip
    afterword, own = load(KINDS)
    assert isinstance(afterword, Afterword)
    assert isinstance(own, Settings)
    assert afterword.secret.get_secret_value() == "s" * 40 + " "
    assert own.database_url.get_secret_value().endswith("other@127.0.0.1/trigger")


def test_every_secret_of_every_service_may_come_from_a_file(
    environment: Callable[..., None], tmp_path: Path
) -> None:
    kinds: list[type[EnvironmentSettings]] = [Afterword, *(service(name).settings for name in SERVICES)]
    for kind in kinds:
        secrets = [name for name, info in kind.model_fields.items() if "Secret" in str(info.annotation)]
        assert secrets
        for name in secrets:
            given = (kind.PREFIX + name).upper()
            environment(**{given: None, f"{given}_FILE": str(tmp_path / "absent")})
            (fault,) = [fault for fault in faults(kind) if given in fault]
            assert fault == f"{given}_FILE: the file cannot be read: No such file or directory"
            environment(**{f"{given}_FILE": None})


def test_a_secret_given_twice_or_empty_is_a_fault_and_never_shown(
    environment: Callable[..., None], tmp_path: Path
) -> None:
    held = tmp_path / "secret"
    held.write_text("hunter2" * 10)
    environment(AFTERWORD_SECRET_FILE=str(held))
    assert faults(Afterword) == [
        "AFTERWORD_SECRET: given twice, here and as AFTERWORD_SECRET_FILE; keep one of them"
    ]
    held.write_text("\n")
    environment(AFTERWORD_SECRET=None)
    assert faults(Afterword) == ["AFTERWORD_SECRET_FILE: the file is empty"]
    held.write_bytes(b"\xff\xfe")
    assert faults(Afterword) == ["AFTERWORD_SECRET_FILE: the file cannot be read: it is not text"]
    held.write_text("hunter2")
    (fault,) = faults(Afterword)
    assert "at least 32 characters" in fault
    assert "hunter2" not in fault


def test_what_is_no_secret_has_no_file(environment: Callable[..., None]) -> None:
    environment(AFTERWORD_KAFKA_FILE="/run/secrets/kafka")
    assert faults(Afterword) == ["AFTERWORD_KAFKA_FILE: no such setting; did you mean AFTERWORD_KAFKA?"]


def test_an_empty_value_counts_as_not_given(environment: Callable[..., None]) -> None:
    environment(AFTERWORD_MAILBOX_URL="", AFTERWORD_TOPIC_PARTITIONS="")
    (afterword,) = load([Afterword])
    assert (afterword.mailbox_url, afterword.topic_partitions) == (None, None)
    environment(AFTERWORD_KAFKA="")
    assert faults(Afterword)[0].startswith("AFTERWORD_KAFKA: missing. ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AFTERWORD_KAFKA", "kafka"),
        ("AFTERWORD_KAFKA", "kafka:9092,other"),
        ("AFTERWORD_PUBLIC_URL", "ask.example"),
        ("AFTERWORD_STAFF_URL", "https://afterword.example/sub/path"),
        ("AFTERWORD_STAFF_URL", "https://afterword.example:https"),
        ("AFTERWORD_SMTP_URL", "mail.example:25"),
        ("AFTERWORD_SMTP_URL", "smtp://user:hunter2/hunter3@mail.example:25"),
        ("AFTERWORD_SMTP_URL", "smtp://mail.example:25/inbox"),
        ("AFTERWORD_SMTP_URL", "smtp://mail.example:25?tls=maybe"),
        ("AFTERWORD_SMTP_URL", "smtp://user:hunter2?hunter3@mail.example:25"),
        ("AFTERWORD_SMTP_EHLO", "localhost"),
        ("AFTERWORD_SMTP_EHLO", "4f1c2d3e4a5b"),
        ("AFTERWORD_SMTP_EHLO", "192.0.2.77"),
        ("AFTERWORD_SMTP_EHLO", "[192.0.2]"),
        ("AFTERWORD_SMTP_EHLO", "mail.example other"),
        ("AFTERWORD_SMTP_EHLO", "mail..example"),
        ("AFTERWORD_SMTP_EHLO", "mail_1.example"),
        ("AFTERWORD_SMTP_CA_FILE", "/nowhere/at/all.pem"),
        ("AFTERWORD_SMTP_CA_FILE", "/dev/null"),
        ("AFTERWORD_MAIL_FROM", "nobody"),
        ("AFTERWORD_DKIM_KEYS", "s1\n-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"),
        ("AFTERWORD_SPF", "v=spf1 mx -all"),
        ("AFTERWORD_SPF", "ip4:192.0.2.300"),
        ("AFTERWORD_SPF", "ip4:2001:db8::1"),
        ("AFTERWORD_SPF", "include:localhost"),
        ("AFTERWORD_DNS", "dns.example"),
        ("AFTERWORD_DNS", "192.0.2.53:port"),
        ("AFTERWORD_TOPIC_REPLICATION", "0"),
        ("AFTERWORD_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("AFTERWORD_LOG", "yaml"),
        ("TRIGGER_DATABASE_URL", "postgresql://trigger:hunter2@127.0.0.1/trigger"),
        ("TRIGGER_DATABASE_URL", "postgresql+asyncpg://trigger:hunter2@127.0.0.1"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_must_be_and_not_shown(
    environment: Callable[..., None], name: str, value: str
) -> None:
    environment(**{name: value})
    (fault,) = faults(Afterword, Settings)
    assert fault.startswith(f"{name}: ")
    assert value not in fault
    assert "hunter2" not in fault


@pytest.mark.parametrize("value", ["*", "10.0.0.1", "10.0.0.0/8, fd00::/8"])
def test_proxies_are_addresses_networks_or_all(environment: Callable[..., None], value: str) -> None:
    environment(AFTERWORD_TRUSTED_PROXIES=value)
    load([Afterword])


@pytest.mark.parametrize("value", ["mail.example.com", "a-1.b.example", "[192.0.2.1]", "[IPv6:2001:db8::1]"])
def test_the_mail_server_is_greeted_with_a_full_name_or_an_address(
    environment: Callable[..., None], value: str
) -> None:
    environment(AFTERWORD_SMTP_EHLO=value)
    assert load([Afterword])[0].smtp_ehlo == value


def test_addresses_of_ours_lose_their_last_slash(environment: Callable[..., None]) -> None:
    environment(AFTERWORD_STAFF_URL="https://afterword.example/")
    assert load([Afterword])[0].staff_url == "https://afterword.example"


def test_keys_hosts_and_dns_servers_are_read_as_they_are_meant(environment: Callable[..., None]) -> None:
    key = new_key("s1", "ed25519-sha256")
    environment(
        AFTERWORD_DKIM_KEYS=key.written(),
        AFTERWORD_SPF="ip4:192.0.2.25  ip6:2001:db8::/64 include:spf.provider.example",
        AFTERWORD_DNS="192.0.2.53,[2001:db8::53]:5353",
    )
    (read,) = load([Afterword])
    assert read.dkim_keys is not None
    assert [each.record for each in read_keys(read.dkim_keys.get_secret_value())] == [key.record]
    assert read.spf == "ip4:192.0.2.25 ip6:2001:db8::/64 include:spf.provider.example"
    assert "PRIVATE" not in repr(read)
