"""Labels, remedies and logged acts are said in the reader's language."""

import inspect
import re
from contextlib import AbstractContextManager
from typing import get_args

import pytest

from services.dispatcher.audit.labels import ACT_LABELS, act_label, facts_label
from services.dispatcher.decisions import reasons, sending_rules
from services.dispatcher.decisions.hours import HoldRule
from services.dispatcher.mail_reasons import ADVICE, REASONS, mail_reason
from services.dispatcher.sending.domain import SendingAct
from services.dispatcher.sending.labels import CHANGES, actor_label, change_sentence
from services.dispatcher.sms import channel, reports
from services.dispatcher.sms.providers import generic, messagebird, provider, twilio, vonage
from services.dispatcher.story import labels as story_labels
from services.dispatcher.story.views import SearchForm
from services.dispatcher.surveys.draft_fields import DEFAULTS, TIME_RULES
from services.dispatcher.surveys.field_labels import label_of
from services.dispatcher.surveys.forms import DraftForm
from services.dispatcher.surveys.labels import CHOICES, FIELD_LABELS, REMEDIES, notice
from shared.mail import mailer, refusals
from shared.outbound.deliveries import LEASE_ENDED, POSSIBLY_SENT
from shared.pages.language import rendering_for
from shared.pages.renderer import Renderer
from shared.privacy.audit import AUDIT_ACTS, COMMAND_LINE, CUSTOMER

RENDERER = Renderer("services.dispatcher")


def reading(language: str) -> AbstractContextManager[None]:
    return rendering_for(RENDERER.reader(language, None))


@pytest.mark.parametrize(
    ("who", "what", "english", "danish"),
    [
        ("Sara Lund", "went live", "<bdi>Sara Lund</bdi> went live.", "<bdi>Sara Lund</bdi> gik live."),
        (
            "the key shop",
            "set the test addresses (2)",
            "<bdi>The key shop</bdi> set the test addresses (2).",
            "<bdi>Nøglen shop</bdi> ændrede testadresserne (2).",
        ),
        (
            COMMAND_LINE.name,
            "stopped all sending",
            "<bdi>The command line</bdi> stopped all sending.",
            "<bdi>Kommandolinjen</bdi> stoppede al udsendelse.",
        ),
        (
            "<b>%(n)s",
            "did <i>what</i> 100 % (x) nobody knows",
            "<bdi>&lt;b&gt;%(n)s</bdi> did &lt;i&gt;what&lt;/i&gt; 100 % (x) nobody knows.",
            "<bdi>&lt;b&gt;%(n)s</bdi> did &lt;i&gt;what&lt;/i&gt; 100 % (x) nobody knows.",
        ),
    ],
)
def test_the_log_of_changes_is_said_in_the_readers_language(
    who: str, what: str, english: str, danish: str
) -> None:
    assert change_sentence(actor_label(who), what) == english
    with reading("da"):
        assert change_sentence(actor_label(who), what) == danish


def test_every_act_of_the_log_of_who_looked_has_words_and_an_unknown_one_stays() -> None:
    assert tuple(ACT_LABELS) == AUDIT_ACTS
    with reading("nl"):
        assert act_label("address_shown") == "bekeek het adres van een klant"
        assert act_label("newer_act") == "newer_act"
        assert actor_label(CUSTOMER.name) == "de klant"


@pytest.mark.parametrize("act", ["team", "calendar", "survey", "absence"])
def test_what_was_deleted_is_not_said_to_be_changed(act: str) -> None:
    changed, deleted = act_label(act, {"version": 2}), act_label(act, {"deleted": True})
    assert changed != deleted
    assert changed.startswith("changed")
    assert deleted.startswith(("deleted", "ended"))
    assert facts_label(act, {"deleted": True, "version": 2}) == "version: 2"
    assert act_label("wave", {"deleted": True}) == act_label("wave", {})


def test_facts_of_the_log_of_who_looked_are_said_in_the_readers_language() -> None:
    facts: dict[str, str | int | bool] = {
        "test_addresses": 2,
        "stopped": True,
        "mode": "test",
        "phone": False,
        "newer": "code",
    }
    assert (
        facts_label("survey", facts)
        == "phone number: no, mode: test mode, stopped: yes, test addresses: 2, newer: code"
    )
    with reading("da"):
        told = "telefonnummer: nej, tilstand: testtilstand, stoppet: ja, testadresser: 2, newer: code"
        assert facts_label("survey", facts) == told


def test_every_act_of_a_switch_is_known_to_the_log() -> None:
    assert {f"%(who)s {act}." for act in get_args(SendingAct)} <= set(CHANGES)


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "this is no address",
        "the mail server refused a mail at RCPT TO (550 5.4.5): we have sent more than it allows",
        "the mail server did not answer (ConnectionRefusedError (111))",
        "the mail server refuses EHLO; see AFTERWORD_SMTP_EHLO (502)",
        "(a) reason: of (no) known form",
    ],
)
def test_a_reason_is_read_as_it_is_stored_in_english(reason: str) -> None:
    assert mail_reason(reason) == reason
    assert mail_reason(None) == ""


def reasons_of_texts() -> set[str]:
    """Why texts are not sent, without the codes of providers."""
    modules = channel, reports, provider, twilio, vonage, messagebird, generic
    source = "".join(map(inspect.getsource, modules))
    begins = "the SMS provider|no SMS provider|the network|the country of|the connection broke"
    return {each.strip() for each in re.findall(rf'"((?:{begins})[^"({{]*)', source)}


def test_every_reason_that_is_stored_can_be_translated() -> None:
    sent = {f"the mail server refused a mail at {step}" for step in get_args(refusals.SmtpStep)}
    source = inspect.getsource(mailer)
    worded = set(re.findall(r'(?:Rejected|Away|_reason)\(\s*"([a-zA-Z_, ]+)"', source))
    commands = inspect.getsource(mailer._refused_command)
    refused = {f"the mail server {what}" for what in re.findall(r', "([a-zA-Z].+?)"', commands)}
    restored, since = POSSIBLY_SENT.split(": ")
    of_texts = [each.partition(": ") for each in reasons_of_texts()]
    texted = {reason for reason, _, _ in of_texts}
    advice = {advice for _, _, advice in of_texts if advice}
    assert len(texted) > 8
    assert sent | worded | refused | texted | {LEASE_ENDED, restored} == set(REASONS)
    assert {*refusals._ABOUT_US, refusals._GENERAL_ADVICE, since, *advice} == set(ADVICE)
    refused_mail = "the mail server refused a mail at RCPT TO (550 5.4.5): we have sent more than it allows"
    with reading("da"):
        assert mail_reason(refused_mail) == (
            "mailserveren afviste en mail ved RCPT TO (550 5.4.5): vi har sendt mere, end den tillader"
        )


def test_a_form_names_its_faults_in_the_readers_language() -> None:
    form = DraftForm({}, {"position": REMEDIES["position"], "da.question": "x"}, FIELD_LABELS["name"])
    assert form.summary[0] == (
        "position",
        "Place in the order: Write a whole number from 1 to 1,000,000, or leave it empty.",
    )
    assert label_of("da.question") == "The question (Danish)"
    with reading("da"):
        assert form.fault("position") == "Skriv et helt tal fra 1 til 1.000.000, eller lad feltet være tomt."
        assert form.summary[1] == ("da.question", "Spørgsmålet (dansk): x")
        assert (form.heading, form.fault("name")) == ("Navn", "")
        assert notice("paused") == "Sat på pause. Det spørger ingen fra nu af."
    assert notice("nothing of ours") == ""


def test_each_choice_of_the_form_of_a_survey_has_a_label() -> None:
    for name, chosen in CHOICES.items():
        # A new survey has the scope that is usual for what it measures.
        assert DEFAULTS[name] in chosen or (name, DEFAULTS[name]) == ("quarantine_scope", "")
    for name, rule in TIME_RULES.items():
        assert CHOICES[f"{name}_unit"].keys() == rule.units.keys()


def test_each_reason_has_a_sentence_a_label_and_an_option_of_the_search() -> None:
    assert set(reasons.REASONS) == set(story_labels.REASONS)
    assert set(reasons.SEARCHED_REASONS) == set(story_labels.REASON_OUTCOMES)
    assert set(reasons.HOLD_RULES) == set(story_labels.POSTPONE_RULES)
    assert set(reasons.literals(HoldRule)) == set(story_labels.HOLD_RULES)
    assert set(reasons.SURVEY_OUTCOMES) == set(story_labels.SURVEY_OUTCOMES)
    shown = SearchForm.of({})
    assert {code for code, _ in shown.reasons} == {"", *reasons.SEARCHED_REASONS}
    assert {code for code, _ in shown.states} == {"", *reasons.MAIL_STATES}
    assert all(words for options in (shown.reasons, shown.states) for _, words in options)
    for labels in (story_labels.MAIL_STATES, story_labels.MAIL_OUTCOMES, story_labels.MAIL_FILTERS):
        assert set(labels) == set(reasons.MAIL_STATES)
    assert set(story_labels.CHANNEL_LABELS) == set(reasons.CHANNELS)


def test_each_reason_not_to_send_has_a_sentence() -> None:
    """Those that ``reason_not_to_send`` can give, read from its source."""
    source = inspect.getsource(sending_rules.reason_not_to_send)
    given = set(re.findall(r', "([a-z_]+)"\)', source)) - {"test_mode"}
    assert "expired" in given
    assert given <= set(story_labels.DROP_REASONS)
    assert given <= set(reasons.SEARCHED_REASONS), "each is found by the search"
