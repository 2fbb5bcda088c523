"""By what its owner knows a browser again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.staff.devices import device_of

MOZILLA = "Mozilla/5.0"
KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {KIT} Chrome/142.0 Safari/537.36", "Chrome on Windows"),
        (f"{MOZILLA} (Windows NT 10.0) {KIT} Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {KIT} Version/18.0 Safari/605.1",
            "Safari on macOS",
        ),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) {KIT} Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            f"{MOZILLA} (Linux; Android 15; Pixel 9) {KIT} Chrome/142.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8.5.0", "Another program"),
        ("", "Another program"),
    ],
)
def test_a_browser_is_named_by_kind_and_system(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


@given(st.text(max_size=500))
def test_nothing_of_what_a_client_writes_is_kept(user_agent: str) -> None:
    assert len(device_of(user_agent)) < 40
    assert device_of(user_agent).isascii()
