"""Settings: everything that is wrong is named at once, with what to write instead."""

import pytest

from services.trigger.settings import Settings
from shared.settings import Afterword, SettingsError, load

GOOD = {
    "AFTERWORD_KAFKA": "127.0.0.1:9092",
    "AFTERWORD_PUBLIC_URL": "https://ask.example",
    "AFTERWORD_STAFF_URL": "https://afterword.example",
    "AFTERWORD_SECRET": "x" * 32,
    "AFTERWORD_SMTP_URL": "smtp://127.0.0.1:25",
    "TRIGGER_DATABASE_URL": "postgresql+asyncpg://trigger:secret@127.0.0.1/trigger",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    def use(**changes: str | None) -> None:
        for name, value in {**GOOD, **changes}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return use


def test_settings_are_read_from_the_environment(environment) -> None:
    environment()
    afterword, own = load([Afterword, Settings])
    assert afterword.kafka == "127.0.0.1:9092"
    assert own.database_url.get_secret_value().startswith("postgresql")


def test_all_faults_are_named_at_once(environment) -> None:
    environment(
        AFTERWORD_KAFKA=None, AFTERWORD_SECRET="short", TRIGGER_DATABSE_URL="x", TRIGGER_DATABASE_URL=None
    )
    with pytest.raises(SettingsError) as caught:
        load([Afterword, Settings])
    faults = str(caught.value).splitlines()
    assert {fault.split(":")[0] for fault in faults} == {
        "AFTERWORD_KAFKA",
        "AFTERWORD_SECRET",
        "TRIGGER_DATABSE_URL",
        "TRIGGER_DATABASE_URL",
    }
    assert "did you mean TRIGGER_DATABASE_URL?" in str(caught.value)


def test_a_fault_never_shows_the_value(environment) -> None:
    environment(AFTERWORD_SECRET="hunter2")
    with pytest.raises(SettingsError) as caught:
        load([Afterword, Settings])
    assert "hunter2" not in str(caught.value)


def test_another_services_settings_are_none_of_ours(environment) -> None:
    environment(SCORER_ANYTHING="x", PATH_LIKE="y")
    load([Afterword, Settings])
