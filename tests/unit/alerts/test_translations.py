"""Times, counts, refusals and mails in Danish and Dutch."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from support.alerts_builders import POLICY, a_new_case, a_tenant, an_answer

from services.alerts.cases import sentences, times
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.closing import required_text_faults
from services.alerts.cases.domain.refusals import NotDone
from services.alerts.notices.admin_kinds import invitation_sentence
from services.alerts.notices.case_texts import case_text
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.staff.devices import device_of
from services.alerts.staff.labels import ROLE_LABELS, ROLE_NAMES, device_label
from shared.mail.installation import InstallationSender
from shared.pages.cause_labels import cause_label
from shared.pages.language import first_available, rendering_for, spoken
from shared.pages.renderer import Renderer
from shared.permissions import ROLES
from shared.values.causes import CAUSE_CODES
from shared.values.messages import message

TEXTS = Renderer("services.alerts")
ZONE = ZoneInfo("Europe/Copenhagen")
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MAILS = NoticeRenderer(
    InstallationSender("afterword@example.com"), "http://staff.example", "s" * 40, lambda: NOW
)


@pytest.mark.parametrize(
    ("ahead", "contact", "danish", "dutch"),
    [
        (timedelta(minutes=-72), True, "1 t 12 min forsinket", "1 u 12 min te laat"),
        (timedelta(minutes=69), True, "om 1 t 9 min", "over 1 u 9 min"),
        (timedelta(hours=6), True, "i dag kl. 16:00", "vandaag om 16:00"),
        (timedelta(days=2), False, "luk senest tirs. 24. nov. kl. 10:00", "sluiten vóór di 24 nov om 10:00"),
        (timedelta(days=-5), True, "5 dage forsinket", "5 dagen te laat"),
    ],
)
def test_deadlines(ahead: timedelta, contact: bool, danish: str, dutch: str) -> None:
    for language, text in (("da", danish), ("nl", dutch)):
        with rendering_for(TEXTS.reader(language, None)):
            assert times.deadline(NOW + ahead, NOW, ZONE, contact=contact).replace("\u00a0", " ") == text


def test_counts_of_customers_and_cases() -> None:
    with rendering_for(TEXTS.reader("da", None)):
        assert sentences.waiting_sentence(1, 0) == "Én kunde venter på at høre fra os."
        assert sentences.waiting_sentence(1300, 14) == (
            "1.300 kunder venter på at høre fra os; 14 af dem har ventet for længe."
        )
        assert sentences.waiting_sentence(3, 1) == (
            "Tre kunder venter på at høre fra os; én af dem har ventet for længe."
        )
        of_mine = partial(sentences.list_sentence, about=" om kassen", owner="me", max_counted=10_000)
        assert of_mine("open", 0, 0) == "Du har ingen åbne sager om kassen."
        assert of_mine("closed", 10_000, 0) == ("Mere end 10.000 lukkede sager hos dig om kassen.")
    with rendering_for(TEXTS.reader("nl", None)):
        assert sentences.waiting_sentence(3, 1) == (
            "Drie klanten wachten op bericht van ons, van wie één al te lang."
        )


def test_every_cause_role_and_list_has_its_own_words() -> None:
    for language in ("da", "nl"):
        with rendering_for(TEXTS.reader(language, None)):
            causes = [cause_label(code) for code in CAUSE_CODES]
            lists = [spoken(one) for one in sentences.EMPTY_LIST_SENTENCES.values()]
            assert len(set(causes)) == len(causes)
            assert len(set(lists)) == len(lists)
        with rendering_for(TEXTS.reader(language, None)):  # a cause of a newer version is no message of ours
            assert cause_label("nobody") == "nobody"
    assert set(ROLE_NAMES) == set(ROLE_LABELS) == set(ROLES)


def test_a_refusal_is_spoken_where_it_is_shown() -> None:
    answer = an_answer(answered_at=NOW, changed_at=NOW)
    case = a_new_case(answer, NOW)
    case.take([], NOW, Actor(uuid4(), "Sara Lund"), None, POLICY)
    with pytest.raises(NotDone) as refused:
        case.take([], NOW, Actor(uuid4(), "Jonas Holt"), 0, POLICY)
    with rendering_for(TEXTS.reader("da", None)):
        assert spoken(refused.value.reason) == "Ikke taget: Sara Lund tog sagen for lidt siden."
    ((_, remedy),) = required_text_faults("note", "x" * 10_001, message("Write the note."))
    with rendering_for(TEXTS.reader("nl", None)):
        assert spoken(remedy) == "Maak het korter: hoogstens 10.000 tekens."


def test_a_device_is_kept_in_english_and_shown_in_the_readers_language() -> None:
    firefox, other = device_of("(Windows NT 10.0) Gecko/20100101 Firefox/140.0"), device_of("curl/8.5.0")
    with rendering_for(TEXTS.reader("da", None)):
        assert (device_label(firefox), device_label(other)) == ("Firefox på Windows", "Et andet program")
    assert (device_label(firefox), device_label(other)) == (firefox, other)


@pytest.mark.parametrize(
    ("wished", "found"),
    [(["", "nl"], "nl"), (["da", "nl"], "da"), (["", "da-DK"], "da"), (["", "fr", "de"], "en"), ([""], "en")],
)
def test_a_colleagues_mail_is_in_their_language_else_in_the_companys(wished: list[str], found: str) -> None:
    assert first_available(wished, TEXTS.languages) == found


def test_the_mail_about_an_answer_in_danish() -> None:
    answer = an_answer(score=3, answered_at=NOW, changed_at=NOW, may_contact=True)
    case = a_new_case(answer, NOW)
    with MAILS.reading("da", a_tenant(), ZONE.key):
        mail = MAILS.mail("case", uuid4(), "sara@example.com", case_text(case, answer, NOW, ZONE))
    assert mail.subject == f"Sag {case.number}: en kunde gav et 3-tal"
    assert mail.text.split("\n\n")[:3] == [
        "En kunde gav et 3-tal efter home delivery.",
        "Kunden vil gerne kontaktes. Kontakt kunden senest i morgen kl. 10:00.",
        "Læs svaret, og gør noget ved det:",
    ]
    assert '<html lang="da">' in mail.html


def test_the_invitation_in_dutch() -> None:
    with MAILS.reading("nl", a_tenant(), None):
        sentence = invitation_sentence("Havnbo", "leader", "Karen Beck")
    assert sentence == "Karen Beck geeft je toegang tot Afterword voor Havnbo, als teamleider."
