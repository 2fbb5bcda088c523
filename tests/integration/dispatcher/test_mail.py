"""What the mail itself says, and what of it the log does not."""

import re
from email import message_from_string, policy
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_sender,
    invite_customer,
    keep_tenant,
    relay_all,
    states,
)
from support.http_clients import SECRET
from support.stack import Mailbox

from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db.database import Database
from shared.link_tokens import LinkSigner
from shared.mail import Mailer, Outcome
from shared.outbound import Sender


class TestTheMail:
    @pytest.fixture
    async def mail(
        self,
        database: Database,
        sender: Sender,
        survey: StoredSurvey,  # noqa: ARG002  (a fixture takes another by its argument)
        mailbox: Mailbox,
        request: pytest.FixtureRequest,
    ) -> dict[str, Any]:
        address = await invite_customer(database, f"reader-{abs(hash(request.node.name))}")
        await sender.step()
        (summary,) = await mailbox.mails(to=address)
        return await mailbox.mail(summary["id"])

    async def test_says_it_in_the_customers_language_with_eleven_scores_as_links(
        self, mail: dict[str, Any], database: Database
    ) -> None:
        (invitation_id,) = await states(database)
        token = LinkSigner(SECRET).sign("answer", invitation_id)
        html, plain = mail["html"], mail["text"]
        assert "Hvor sandsynligt er det, at du vil anbefale Havnbo til en ven eller kollega?" in html
        assert 'lang="da"' in html
        for score in range(11):
            assert html.count(f'href="http://afterword.example/s/{token}?v={score}"') == 1
        assert "Havnegade 1, 8000 Aarhus" in html
        assert "Hvor sandsynligt" in plain
        assert plain.count(f"/s/{token}") == 1
        assert "?v=" not in plain
        assert "<img" not in html

    async def test_has_the_headers_of_list_mail(self, mail: dict[str, Any], database: Database) -> None:
        (invitation_id,) = await states(database)
        unsubscribe = f"http://afterword.example/u/{LinkSigner(SECRET).sign('unsubscribe', invitation_id)}"
        headers = {name.lower(): value for name, value in dict(mail["headers"]).items()}
        assert headers["list-unsubscribe"] == f"<{unsubscribe}>"
        assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        assert headers["auto-submitted"] == "auto-generated"
        assert headers["list-id"] == "<survey.havnbo.shop.example>"
        assert headers["from"] == "Havnbo <ask@shop.example>"
        assert unsubscribe in mail["html"]
        assert unsubscribe in mail["text"]

    @pytest.mark.usefixtures("survey")
    async def test_has_the_same_message_id_however_often_it_is_tried(
        self, database: Database, clock: Clock
    ) -> None:
        await invite_customer(database, "same-id")
        seen: list[str] = []

        class Busy(Mailer):
            async def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
                seen.append(message_from_string(message.decode(), policy=policy.default)["Message-ID"])
                return await super().send(sender, recipient, message)

        sender = a_sender(database, Busy("smtp://127.0.0.1:9", seconds=1), clock)
        for _ in range(3):
            await sender.step()
            await relay_all(database)
            clock.on(hours=1)
        assert len(seen) == 3
        assert len(set(seen)) == 1


async def test_a_mail_has_the_layout_of_its_own_version_of_the_survey(
    database: Database, sender: Sender, survey: StoredSurvey, mailbox: Mailbox
) -> None:
    shown = {}
    for layout in ("vertical", "horizontal"):
        async with database.transaction() as uow:
            await change_survey(uow, TENANT, survey.id, replace(survey.draft, layout=layout))
        shown[await invite_customer(database, f"reader-of-a-{layout}-mail")] = layout
    await sender.step()
    for address, layout in shown.items():
        (summary,) = await mailbox.mails(to=address)
        html = (await mailbox.mail(summary["id"]))["html"]
        scores = re.findall(r'href="[^"]*[?]v=([0-9]+)"', html)
        assert scores == [
            str(score) for score in (range(11) if layout == "horizontal" else range(10, -1, -1))
        ]


@pytest.mark.parametrize("neutral", [False, True])
async def test_a_mail_of_a_neutral_survey_has_not_the_companys_colour(
    database: Database, sender: Sender, survey: StoredSurvey, mailbox: Mailbox, neutral: bool
) -> None:
    await keep_tenant(database, version=2, accent="#a3156f")
    async with database.transaction() as uow:
        await change_survey(uow, TENANT, survey.id, replace(survey.draft, neutral=neutral))
    address = await invite_customer(database, f"neutral-{neutral}")
    await sender.step()
    (summary,) = await mailbox.mails(to=address)
    html = (await mailbox.mail(summary["id"]))["html"]
    assert ("m-brand" in html) is not neutral
    assert ("#a3156f" in html.lower()) is not neutral


async def test_no_address_and_no_token_reaches_the_log(
    database: Database, sender: Sender, survey: StoredSurvey
) -> None:
    address = await invite_customer(database, "canary-in-the-log")
    with capture_logs() as lines:
        await sender.step()
    logged = str(lines)
    assert "mail" in logged
    assert address not in logged
    assert "/s/" not in logged
