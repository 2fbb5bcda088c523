"""What the law of a country lets a survey ask, by the recommended rules and by a company's own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from support.dispatcher_builders import a_transaction

from services.dispatcher.contact_policies.country_rows import COUNTRY_ROWS, with_recommended
from services.dispatcher.contact_policies.domain import CompanyPolicy
from services.dispatcher.contact_policies.forms import PolicyForm, form_of
from services.dispatcher.contact_policies.recommended_countries import RECOMMENDED_COUNTRIES
from services.dispatcher.contact_policies.schemas import ContactPolicyBody
from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.lawful_basis import (
    BASIS_KINDS,
    CountryLaw,
    law_for,
    missing_basis,
    needs_evidence,
    newest_bases,
)
from services.dispatcher.decisions.sampling import NO_DRAW
from services.dispatcher.decisions.sending_rules import reason_not_to_send
from services.dispatcher.decisions.values import (
    CandidateSurvey,
    Person,
    Verdict,
)
from services.dispatcher.story.basis import MENDING, NEEDS, basis_lines
from services.dispatcher.surveys.neutral_words import fault_in, is_unchecked, neutral_faults
from services.dispatcher.surveys.promoting_lists import OFFER_WORDS, PRAISE_WORDS
from services.dispatcher.surveys.schemas import SurveyBody
from shared.conditions.event_fields import EventFields
from shared.events import ContactRules, CountryRule, DeclaredBasis
from shared.events.transactions import Basis

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AN_EVENT = a_transaction()
WHY = "All customers are told at the order, and can say no there."


def a_law(country: str, *evidence: str, rules: tuple[CountryRule, ...] = RECOMMENDED_COUNTRIES) -> CountryLaw:
    return law_for(rules, country, evidence)


def verdict(law: CountryLaw, *, age: timedelta = timedelta(), **changes: Any) -> Verdict:
    survey: dict[str, Any] = {"neutral": False, "incentive": False, "delay_minutes": 0, "max_age_days": 365}
    person = {name: changes.pop(name) for name in ("opted_out", "test_address") if name in changes}
    return decide(
        event_type="order.delivered",
        occurred_at=NOON - age,
        now=NOON,
        surveys=[
            CandidateSurvey(
                id=UUID(int=1), survey_version=1, name="s", trigger="*", state="live", **{**survey, **changes}
            )
        ],
        person=Person(address="good", law=law, **person),
        mode="live",
        fields=EventFields(AN_EVENT),
        draws=lambda _: NO_DRAW,
    )


@pytest.mark.parametrize(
    ("law", "survey", "reason"),
    [
        (a_law("DK"), {}, "no_basis"),
        (a_law("DK"), {"neutral": True}, "invited"),
        (a_law("DK", "consent"), {}, "invited"),
        (a_law("DK", "existing_customer"), {}, "no_basis"),
        (a_law("DE"), {}, "no_basis"),
        (a_law("DE"), {"neutral": True}, "no_basis"),
        (a_law("DE", "notice"), {}, "invited"),
        (a_law("DE", "consent"), {}, "invited"),
        (a_law("DE", "existing_customer"), {}, "no_basis"),
        (a_law("NL"), {"neutral": True, "incentive": True}, "no_basis"),
        (a_law("NL", "consent"), {"incentive": True}, "no_basis"),
        (a_law("NL"), {"neutral": True}, "invited"),
        (a_law("NL"), {}, "no_basis"),
        (a_law("NL", "existing_customer"), {}, "invited"),
        (a_law("PL"), {}, "no_basis"),
        (a_law("PL", "notice"), {}, "invited"),
        (a_law("FR"), {}, "no_basis"),
        (a_law(""), {}, "no_basis"),
        (a_law("FR", "made up"), {}, "no_basis"),
    ],
)
def test_b28_the_recommended_rules_decide_by_country_survey_and_evidence(
    law: CountryLaw, survey: dict[str, Any], reason: str
) -> None:
    assert verdict(law, **survey).reason == reason


def test_b28_in_denmark_nobody_is_asked_after_seven_days() -> None:
    assert verdict(a_law("DK"), neutral=True, age=timedelta(days=7)).reason == "invited"
    late = verdict(a_law("DK"), neutral=True, age=timedelta(days=7, seconds=1))
    assert late.reason == "no_basis"
    (considered,) = late.considered
    assert considered.basis is not None
    assert (considered.basis.fault, considered.basis.max_age_days) == ("age", 7)
    # By when the mail would leave, not by when it is decided.
    assert verdict(a_law("DK"), neutral=True, delay_minutes=8 * 1440).reason == "no_basis"


def test_without_rules_nothing_is_checked_and_a_test_address_is_exempt() -> None:
    assert verdict(law_for((), "DE", ())).reason == "invited"
    only_danish = (CountryRule(country="DK", needs="neutral"),)
    assert verdict(a_law("DE", rules=only_danish)).reason == "invited"
    assert verdict(a_law("DE"), test_address=True).reason == "invited"


def test_what_is_declared_stands_for_evidence_and_neutral_words_but_allows_no_reward_and_no_late_ask() -> (
    None
):
    declared = DeclaredBasis(wording=WHY, by="Ida", at=NOON)
    rules = tuple(msgspec.structs.replace(rule, declared=declared) for rule in RECOMMENDED_COUNTRIES)
    assert not needs_evidence(rules)
    assert needs_evidence(RECOMMENDED_COUNTRIES)
    for country in ("DK", "NL", "DE", "PL", "FR", ""):
        assert verdict(a_law(country, rules=rules)).reason == "invited"
    assert verdict(a_law("NL", rules=rules), incentive=True).reason == "no_basis"
    assert verdict(a_law("DK", rules=rules), age=timedelta(days=8)).reason == "no_basis"


COUNTRY_RULES = st.builds(
    CountryRule,
    country=st.sampled_from(("DK", "DE", "*")),
    needs=st.sampled_from(("nothing", "neutral", "existing_customer", "evidence")),
    incentives=st.booleans(),
    max_age_days=st.sampled_from((None, 1, 7)),
    declared=st.sampled_from((None, DeclaredBasis(wording=WHY, by="Ida", at=NOON))),
)
LAWS = st.builds(
    law_for,
    st.lists(COUNTRY_RULES, max_size=3, unique_by=lambda rule: rule.country),
    st.sampled_from(("DK", "DE", "FR", "")),
    st.sets(st.sampled_from(BASIS_KINDS)),
)
SURVEYS = st.fixed_dictionaries({"neutral": st.booleans(), "incentive": st.booleans()})


@given(LAWS, SURVEYS, st.integers(0, 10))
def test_b28_an_opt_out_beats_every_law_and_all_evidence(law: CountryLaw, survey: Any, days: int) -> None:
    assert verdict(law, opted_out=True, age=timedelta(days=days), **survey).reason == "opted_out"
    dropped = reason_not_to_send(
        now=NOON,
        leaves_at=NOON,
        occurred_at=NOON - timedelta(days=days),
        expires_at=NOON + timedelta(days=30),
        test=False,
        survey=CandidateSurvey(
            id=UUID(int=1), survey_version=1, name="s", trigger="*", state="live", **survey
        ),
        person=Person(address="good", opted_out=True, law=law),
        mode="live",
    )
    assert dropped == ("dropped", "opted_out")


@given(LAWS, SURVEYS, st.integers(0, 10))
def test_decision_and_sending_judge_alike_and_more_evidence_never_forbids(
    law: CountryLaw, survey: Any, days: int
) -> None:
    age = timedelta(days=days)
    decided = verdict(law, age=age, **survey).reason
    sent = reason_not_to_send(
        now=NOON,
        leaves_at=NOON,
        occurred_at=NOON - age,
        expires_at=NOON + timedelta(days=30),
        test=False,
        survey=CandidateSurvey(
            id=UUID(int=1), survey_version=1, name="s", trigger="*", state="live", max_age_days=365, **survey
        ),
        person=Person(address="good", law=law),
        mode="live",
    )
    assert (decided == "no_basis") == (sent == ("dropped", "no_basis"))
    more = msgspec.structs.replace(law, evidence=BASIS_KINDS)
    if decided == "invited":
        assert verdict(more, age=age, **survey).reason == "invited"


def test_every_fault_says_what_is_needed_and_how_to_mend_it() -> None:
    assert set(NEEDS) == set(MENDING)
    missing = missing_basis(
        a_law("FR", "existing_customer"), neutral=False, incentive=False, occurred_at=NOON, at=NOON
    )
    assert missing is not None
    assert basis_lines(missing) == [
        (
            "The customer lives in FR: the rule for all other countries. The customer must have given consent "
            "there, or got a notice with their address."
        ),
        "There was: an existing customer.",
        (
            "Send customer.basis with the event or with the customer (consent or notice, with its time), or "
            "declare for the country why you may ask."
        ),
    ]


def test_of_each_kind_of_evidence_the_newest_is_known() -> None:
    old, new = Basis(kind="consent", at=NOON), Basis(kind="consent", at=NOON + timedelta(days=1))
    notice = Basis(kind="notice", at=NOON)
    assert newest_bases({"consent": new}, {"consent": old, "notice": notice}) == {
        "consent": new,
        "notice": notice,
    }


@pytest.mark.parametrize(
    ("words", "language", "fine"),
    [
        ("How likely is it that you would recommend {company}?", "en", True),
        ("Thank you for your answer.", "en", True),
        ("Why did you choose 7?", "en", True),
        ("Get a discount on your next order.", "en", False),
        ("Use SAVE10 at the till.", "en", False),
        ("10 % off", "en", False),
        ("See www.example.com", "en", False),
        ("![logo](logo.png)", "en", False),
        ("Thank you!", "en", False),
        ("We are the best shop.", "en", False),
        ("Få rabat på næste køb.", "da", False),
        ("Danmarks bedste butik spørger.", "da", False),
        ("Krijg korting.", "nl-BE", False),
        ("Ein Gutschein wartet.", "de-AT", False),
        ("Hvad er den vigtigste årsag til din score?", "da", True),
        ("Wie war die Lieferung?", "de", True),
        ("discount", "sw", True),
    ],
)
def test_the_words_of_a_neutral_survey_neither_praise_nor_promote(
    words: str, language: str, fine: bool
) -> None:
    assert (fault_in(words, language) is None) is fine


def test_each_language_of_customers_has_words_of_both_kinds() -> None:
    assert set(OFFER_WORDS) == set(PRAISE_WORDS) == {"en", "da", "nl", "de", "fr", "es", "sv", "nb", "fi"}


ORDINARY = {
    "en": (
        "What did you buy?", "Feel free to write.", "How did we deal with your question?",
        "What else could we offer?", "Which of these describes it best, or best describes the delay?",
        "We would love to hear how it went.", "Best regards\nHavnbo", "What did you like best?",
        "Was there a problem at the point of sale?",
    ),
    "da": ("Hvordan var dit køb?", "Bedste hilsner fra Havnbo", "Hvad var det bedste ved besøget?"),
    "nl": (
        "Beste klant,\nhoe was de levering?", "Wat vond u het beste?", "Met de beste wensen",
        "Hoe kunnen wij u het beste bereiken?", "Was het artikel te koop?", "Hoe was uw koop?",
    ),
    "de": (
        "Besten Dank für Ihren Einkauf.", "Mit besten Grüßen", "Was hat Ihnen am besten gefallen?",
        "Was wollten Sie kaufen?", "Wo kaufen Sie sonst ein?",
    ),
    "fr": (
        "Comment s'est passée la remise du colis ?", "Avec nos meilleures salutations",
        "Excellente journée", "Avez-vous gagné du temps ?", "Qu'est-ce qui serait meilleur ?",
    ),
    "es": (
        "¿Qué podemos hacer mejor?", "¿Qué fue lo mejor?", "Con los mejores saludos",
        "¿Cuál es la mejor manera de contactarle?",
    ),
    "sv": ("Bästa kund, hur var leveransen?", "Med bästa hälsningar", "Vad var det bästa med besöket?",
           "Presentera gärna ditt ärende."),
    "nb": ("Beste hilsen Havnbo", "Hva var det beste med besøket?", "Beste kunde, hvordan var leveringen?"),
    "fi": ("Mikä oli paras asia?", "Mikä on paras tapa tavoittaa sinut?", "Voit ilmaista mielipiteesi."),
}  # fmt: skip
PROMOTING = {
    "en": (
        "Havnbo is the best.", "Best shop, best prices.", "Free delivery on the next order.", "Buy now.",
        "We offer you a deal.", "We love our customers.",
    ),
    "da": ("Vi er de bedste.", "Køb nu og spar.", "Hos den bedste butik."),
    "nl": ("De beste winkel.", "Beste klant, u bent bij de beste winkel.", "Koop nu."),
    "de": ("Der beste Laden.", "Die besten Preise.", "Jetzt kaufen."),
    "fr": ("Une remise de bienvenue.", "La meilleure boutique.", "Gagnez un voyage."),
    "es": ("La mejor tienda.", "Somos los mejores.", "Un regalo para usted."),
    "sv": ("Den bästa butiken.", "En present väntar.", "Ett presentkort."),
    "nb": ("Den beste butikken.", "En gave venter.", "Rabatt på neste kjøp."),
    "fi": ("Paras kauppa.", "Ilmainen toimitus.", "Tarjous sinulle."),
}  # fmt: skip


@pytest.mark.parametrize("language", OFFER_WORDS)
def test_a_neutral_survey_may_greet_and_ask_in_ordinary_words_and_not_promote(language: str) -> None:
    assert {words: fault_in(words, language) for words in ORDINARY[language]} == dict.fromkeys(
        ORDINARY[language]
    )
    assert [words for words in PROMOTING[language] if fault_in(words, language) is None] == []


@pytest.mark.parametrize(
    "name", ["Best shop - 20% off!", "Den bedste butik", "Gutschein von Havnbo", "x.shop"]
)
def test_the_name_that_mails_of_a_neutral_survey_come_from_is_neutral_in_every_language(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SurveyBody.model_validate(a_body(texts={}, sender_name=name))
    assert [each["loc"] for each in refused.value.errors()] == [("sender_name",)]
    assert SurveyBody.model_validate(a_body(texts={}, sender_name="Havnbo Kundeservice")).draft().sender_name
    assert SurveyBody.model_validate(a_body(texts={}, sender_name=name, neutral=False)).draft().sender_name


def test_praise_in_an_answer_to_be_chosen_is_the_customers_and_an_offer_is_ours() -> None:
    assert fault_in("Excellent", "en", praise=False) is None
    assert fault_in("Excellent", "en") is not None
    assert fault_in("A voucher", "en", praise=False) is not None


def test_words_in_a_language_without_lists_are_known_to_be_unchecked() -> None:
    draft = SurveyBody.model_validate(
        a_body(texts={"pl": {"intro": "Najlepsza promocja"}, "de-AT": {}})
    ).draft()
    assert is_unchecked(draft, "pl")
    assert not is_unchecked(draft, "de-AT"), "German is listed"
    assert not is_unchecked(draft, "cs"), "it has no own words"
    assert not is_unchecked(msgspec.structs.replace(draft, neutral=False), "pl")


def a_body(**changes: Any) -> dict[str, Any]:
    texts = {"en": {"intro": "Win a prize.", "follow_up": {"detractor": "Was our service amazing?"}}}
    return {"name": "s", "trigger": "x", "neutral": True, "texts": texts, **changes}


def test_the_faults_of_a_neutral_survey_stand_at_their_fields_and_another_survey_has_none() -> None:
    assert not neutral_faults(SurveyBody.model_validate(a_body(neutral=False)).draft())
    with pytest.raises(ValidationError) as refused:
        SurveyBody.model_validate(a_body(incentive=True))
    assert [each["loc"] for each in refused.value.errors()] == [
        ("incentive",),
        ("texts", "en", "intro"),
        ("texts", "en", "follow_up", "detractor"),
    ]


@given(st.lists(COUNTRY_RULES, max_size=3, unique_by=lambda rule: rule.country))
def test_the_form_and_the_api_say_the_same_of_countries(rules: list[CountryRule]) -> None:
    body = {"countries": COUNTRY_ROWS.bodies(COUNTRY_ROWS.fields_of(rules))}
    made = ContactPolicyBody.model_validate(body).rules().countries
    assert [(each.country, each.needs, each.incentives, each.max_age_days) for each in made] == [
        (each.country, each.needs, each.incentives, each.max_age_days) for each in rules
    ]
    assert [each.declared.wording if each.declared else None for each in made] == [
        each.declared.wording if each.declared else None for each in rules
    ]


def test_the_recommended_rules_keep_what_was_declared() -> None:
    rules = (CountryRule(country="DE", needs="nothing", declared=DeclaredBasis(wording=WHY)),)
    fields = with_recommended(
        form_of(CompanyPolicy(ContactRules(countries=rules), 1)).fields, RECOMMENDED_COUNTRIES
    )
    made = ContactPolicyBody.model_validate(PolicyForm(fields).values()).rules().countries
    assert [(each.country, each.needs) for each in made] == [
        (each.country, each.needs) for each in RECOMMENDED_COUNTRIES
    ]
    assert {each.country for each in made if each.declared is not None} == {"DE"}


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ([{"country": "XQ", "needs": "nothing"}], ("countries", 0, "country")),
        ([{"country": "DK", "needs": "luck"}], ("countries", 0, "needs")),
        ([{"country": "DK", "needs": "neutral", "max_age_days": 0}], ("countries", 0, "max_age_days")),
        ([{"country": "DK", "needs": "neutral", "declared": {"wording": "short"}}], None),
        ([{"country": "DK", "needs": "neutral"}, {"country": "dk", "needs": "nothing"}], ("countries",)),
    ],
)
def test_what_is_no_rule_of_a_country_is_refused_at_its_place(rules: Any, place: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        ContactPolicyBody.model_validate({"countries": rules})
    (error,) = refused.value.errors()
    assert error["loc"] == (place or ("countries", 0, "declared", "wording"))
