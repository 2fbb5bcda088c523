"""What a service answers is read, or taken as no answer."""

import pytest

from shared.privacy.company_routes import FirstAdminAnswer
from shared.privacy.service_client import ServiceUnavailable, read_answer


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b'"\xff"', b"{}", b'{"link": 3, "fault": null}'])
def test_an_answer_that_is_something_else_is_a_service_that_is_away(body: bytes) -> None:
    with pytest.raises(ServiceUnavailable) as raised:
        read_answer("alerts", body, FirstAdminAnswer)
    assert raised.value.service == "alerts"


def test_an_answer_is_read() -> None:
    answered = read_answer("alerts", b'{"link": "https://x", "fault": null}', FirstAdminAnswer)
    assert answered == FirstAdminAnswer(link="https://x", fault=None)
