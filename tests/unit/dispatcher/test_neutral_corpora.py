"""What promotes is refused in a neutral survey, and ordinary questions are not: in each of nine languages."""

import pytest

from services.dispatcher.surveys.neutral_words import fault_in, fault_in_name
from services.dispatcher.surveys.promoting_lists import OFFER_WORDS

PROMOTING: dict[str, tuple[str, ...]] = {
    "en": (
        "Save 10 percent now.", "Get 20 off your next order.", "Get £20 off.", "The world's greatest shop",
        "We are number one.", "Denmark's No. 1", "Order now.", "The strongest network in Denmark",
        "Answer and enter our prize draw.", "You are in with a chance.", "A top-rated service asks.",
        "Save money with us.", "10 per cent of the price", "An award winning team", "We are #1.",
        "Europe's most trusted bank", "Get $5 when you answer.", "Half price today", "Dis\u00adcount for you",
    ),
    "da": (
        "Vinder du? Svar og vær med i trækningen om en iPad.", "Spar penge i dag", "Danmarks bedst bedømte",
        "Danmarks stærkeste netværk", "Få 10 kr. retur, når du svarer", "Få 20 kroner i hånden.",
        "Ra\u00adbat til dig", "Rab\u200bat til dig", "10 procent på næste køb", "Danmarks nr. 1",
        "Vi er nummer et.",
        "Byens billigste butik", "Bestil nu.", "Vi er bedst.", "Bedst i test", "Deltag i konkurrencen.",
        "Halv pris i dag", "Nordens førende", "ＲＡＢＡＴ til dig",
    ),
    "nl": (
        "Maak kans op een iPad.", "De nummer 1 van Nederland", "Bespaar nu.", "Bestel nu.", "Doe mee en win.",
        "De goedkoopste winkel van Nederland", "10 procent op uw volgende bestelling", "Ontvang 5 euro.",
        "Best beoordeeld door klanten", "Nederlands populairste winkel", "Een waardebon voor u",
        "Halve prijs",
        "Kor\u00adting voor u", "Wij zijn marktleider.", "De winnaar van de test", "Onze winactie loopt.",
    ),
    "de": (
        "Der Testsieger", "Jetzt bestellen und sparen", "die Nummer 1", "Die Nr. 1 in Europa",
        "Sichern Sie sich 5 €.",
        "10 Prozent auf alles", "Deutschlands beliebteste Bank", "Am besten bewertet",
        "Ihre Chance auf ein Rad",
        "Ein Schnäppchen für Sie", "Nur heute zum halben Preis", "Ra\u00adbatt für Sie",
        "Wir sind Marktführer.",
        "Das schnellste Netz Deutschlands", "Wir verlosen ein Rad.", "Mehrfach ausgezeichnet",
    ),
    "fr": (
        "Venez pour nos soldes.", "Le numéro un du marché", "Le n° 1 en France",
        "Le réseau le plus rapide de France",
        "Profitez de nos prix.", "10 pour cent sur tout", "Recevez 5 euros.", "Un bon d’achat vous attend.",
        "Économisez avec nous.", "Tentez votre chance.", "Participez à notre concours.",
        "Re\u00admise pour vous",
        "Un service plébiscité", "Commandez maintenant.", "Élue marque de l'année", "À moitié prix",
    ),
    "es": (
        "Nuestras rebajas le esperan.", "El número 1 de España", "Ahorre con nosotros.", "Compre ahora.",
        "Gane un viaje.", "10 por ciento en su compra", "Reciba 5 euros.", "La red más rápida de España",
        "Participe en el concurso.", "Cupones para usted", "A mitad de precio", "Re\u00adgalo para usted",
        "Un servicio galardonado", "Mejor valorada", "Tiene la oportunidad de ganar.", "Somos el n.º 1.",
    ),
    "sv": (
        "Rea", "Vi är bäst", "Sveriges starkaste nät", "Bäst i test", "Nummer 1 i Sverige",
        "Spara pengar i dag",
        "Spara 100 kr nu", "10 procent på nästa köp", "Vinna en iPad", "Halva priset", "Beställ nu.",
        "Sveriges mest omtyckta butik", "Tävla och vinn.", "Ra\u00adbatt till dig", "Marknadsledande",
        "Köp nu.",
    ),
    "nb": (
        "Vi er best", "Norges sterkeste nett", "Best i test", "Nummer 1 i Norge", "Spar penger i dag",
        "Få 50 kroner.",
        "10 prosent på neste kjøp", "Sjansen til en iPad", "Halv pris", "Bestill nå.", "Markedsledende",
        "Norges mest populære butikk", "Delta i konkurransen.", "Ra\u00adbatt til deg", "Kjøp nå.",
        "Bli med i konkurransen.",
    ),
    "fi": (
        "Ale alkaa.", "Suomen suurin kauppa", "Numero 1 Suomessa", "Olemme ykkönen.", "Säästä rahaa.",
        "Tilaa nyt.",
        "10 prosenttia seuraavasta ostosta", "Saat 5 euroa.", "Arvomme palkinnon.", "Osallistu arvontaan.",
        "Suomen luotettavin verkko", "Puoleen hintaan", "Palkittu palvelu", "Lah\u00adja sinulle",
        "Osta nyt.",
        "Alan johtava yritys",
    ),
}  # fmt: skip
ORDINARY: dict[str, tuple[str, ...]] = {
    "en": (
        "How likely is it that you would recommend {company}?", "What is the main reason for your score?",
        "What was the number one reason for your score?", "Did it save you time?",
        "Was the price as you expected?",
        "How did we handle your order number 1?", "What could we have done differently?",
        "Was your order complete?",
        "Which way of contacting us suits you best?", "How long did you have to wait on the phone?",
        "Would you like us to contact you about it?", "What did you want to do in the shop today?",
        "Did the parcel arrive on the day that was promised?",
        "How easy was it to find what you were looking for?",
        "Was anything missing from the delivery?", "Thank you for your answer. It helps us to improve.",
        "Did you get your money back in time?",
    ),
    "da": (
        "Hvor sandsynligt er det, at du vil anbefale {company}?",
        "Hvad er den vigtigste grund til din score?",
        "Hvad fungerede bedst for dig?", "Sparede du tid ved at handle på nettet?",
        "Fik du dine penge tilbage?",
        "Hvordan var dit besøg i butikken?", "Kom pakken den dag, du havde fået lovet?", "Hvad manglede du?",
        "Hvor længe ventede du i telefonen?", "Hvad kunne vi have gjort anderledes?",
        "Må vi kontakte dig om det?",
        "Hvordan var vi i forhold til andre butikker?", "Var prisen, som du havde ventet?",
        "Er din sag løst?",
        "Hvad er det bedste tidspunkt at ringe til dig?",
        "Tak for dit svar. Det hjælper os med at blive bedre.",
        "Er spørgsmål nr. 1 let at forstå?", "Var trækningen på dit kort korrekt?",
    ),
    "nl": (
        "Hoe waarschijnlijk is het dat u {company} aanbeveelt?",
        "Wat is de belangrijkste reden voor uw cijfer?",
        "Wat vond u het beste aan uw bezoek?", "Heeft u uw geld teruggekregen?",
        "Was de prijs zoals u verwachtte?",
        "Kwam het pakket op de beloofde dag?", "Hoe lang moest u aan de telefoon wachten?", "Wat ontbrak er?",
        "Wat hadden wij anders kunnen doen?", "Mogen wij hierover contact met u opnemen?",
        "Is uw vraag opgelost?",
        "Kon u daarmee tijd winnen?", "Hoe was uw bezoek aan de winkel?", "Was vraag nummer 1 duidelijk?",
        "Hoe makkelijk vond u wat u zocht?", "Dank u wel voor uw antwoord. Zo kunnen wij verbeteren.",
    ),
    "de": (
        "Wie wahrscheinlich ist es, dass Sie {company} weiterempfehlen?",
        "Was ist der Hauptgrund für Ihre Bewertung?",
        "Was hat Ihnen am besten gefallen?", "Konnten Sie damit Zeit sparen?",
        "Haben Sie Ihr Geld zurückbekommen?",
        "War der Preis so, wie Sie ihn erwartet hatten?", "Kam das Paket am zugesagten Tag?",
        "Was hat gefehlt?",
        "Wie lange mussten Sie am Telefon warten?", "Was hätten wir anders machen können?",
        "War Frage Nr. 1 klar?",
        "Dürfen wir Sie dazu kontaktieren?", "Wie war Ihr Besuch im Geschäft?", "Ist Ihr Anliegen gelöst?",
        "Wie leicht haben Sie gefunden, was Sie suchten?", "Danke für Ihre Antwort. Sie hilft uns.",
    ),
    "fr": (
        "Recommanderiez-vous {company} à vos proches ?", "Quelle est la raison principale de votre note ?",
        "Qu'avez-vous apprécié lors de votre visite ?", "Avez-vous gagné du temps ?", "Que manquait-il ?",
        "Avez-vous été remboursé à temps ?", "Le prix était-il celui que vous attendiez ?",
        "Le colis est-il arrivé le jour prévu ?", "Combien de temps avez-vous attendu au téléphone ?",
        "Qu'aurions-nous pu faire autrement ?", "Pouvons-nous vous contacter à ce sujet ?",
        "Votre demande est-elle résolue ?", "Quel est le meilleur moment pour vous appeler ?",
        "Était-ce un concours de circonstances ?", "Merci de votre réponse. Elle nous aide à progresser.",
        "Avez-vous trouvé facilement ce que vous cherchiez ?",
    ),
    "es": (
        "¿Qué probabilidad hay de que recomiende {company}?",
        "¿Cuál es el motivo principal de su puntuación?",
        "¿Qué fue lo mejor de su visita?", "¿Pudo ahorrar tiempo?", "¿Le devolvieron el dinero a tiempo?",
        "¿El precio era el que esperaba?", "¿Llegó el paquete el día previsto?",
        "¿Qué faltaba en la entrega?",
        "¿Cuánto tiempo esperó al teléfono?", "¿Qué podríamos haber hecho de otra manera?", "¿Está resuelto?",
        "¿Podemos ponernos en contacto con usted?", "¿Cuál es el mejor momento para llamarle?",
        "¿Encontró con facilidad lo que buscaba?", "Gracias por su respuesta. Nos ayuda a mejorar.",
        "¿Cómo fue su visita a la tienda?",
    ),
    "sv": (
        "Hur sannolikt är det att du rekommenderar {company}?", "Vad är den främsta orsaken till ditt betyg?",
        "Vad fungerade bäst för dig?", "Sparade du tid?", "Fick du pengarna tillbaka i tid?",
        "Är ärendet löst?",
        "Var priset det du hade väntat dig?", "Kom paketet den dag som utlovats?",
        "Vad saknades i leveransen?",
        "Hur länge fick du vänta i telefon?", "Vad kunde vi ha gjort annorlunda?",
        "Hur var ditt besök i butiken?",
        "Får vi kontakta dig om det?", "Vad är det bästa med din butik?", "Hur lätt hittade du det du sökte?",
        "Tack för ditt svar. Det hjälper oss att bli bättre.", "Var fråga nr 1 lätt att förstå?",
    ),
    "nb": (
        "Hvor sannsynlig er det at du vil anbefale {company}?", "Hva er hovedgrunnen til poengsummen din?",
        "Hva fungerte best for deg?", "Sparte du tid?", "Fikk du pengene tilbake i tide?",
        "Er saken din løst?",
        "Var prisen slik du hadde ventet?", "Kom pakken den dagen vi lovet?", "Hva manglet i leveringen?",
        "Hvor lenge måtte du vente på telefonen?", "Hva kunne vi ha gjort annerledes?",
        "Kan vi kontakte deg om det?",
        "Hvordan var besøket ditt i butikken?", "Hva er den beste måten å nå deg på?",
        "Fant du det du lette etter?",
        "Takk for svaret ditt. Det hjelper oss å bli bedre.", "Var spørsmål nr. 1 lett å forstå?",
    ),
    "fi": (
        "Kuinka todennäköisesti suosittelisit yritystä {company}?",
        "Mikä on tärkein syy antamaasi arvosanaan?",
        "Mikä oli paras asia käynnissäsi?", "Säästitkö aikaa?", "Saitko rahasi takaisin ajoissa?",
        "Mitä puuttui?",
        "Oliko hinta odotustesi mukainen?", "Tuliko paketti luvattuna päivänä?", "Miten käyntisi sujui?",
        "Kuinka kauan jouduit odottamaan puhelimessa?", "Mitä olisimme voineet tehdä toisin?",
        "Saammeko ottaa sinuun yhteyttä?", "Ratkesiko asiasi?", "Löysitkö helposti etsimäsi?",
        "Kiitos vastauksestasi. Se auttaa meitä parantamaan.", "Milloin on paras aika soittaa sinulle?",
    ),
}  # fmt: skip


def test_each_language_has_at_least_fifteen_sentences_of_both_kinds() -> None:
    assert set(PROMOTING) == set(ORDINARY) == set(OFFER_WORDS)
    for corpus in (PROMOTING, ORDINARY):
        assert {language: len(set(said)) for language, said in corpus.items() if len(set(said)) < 15} == {}


@pytest.mark.parametrize("language", PROMOTING)
def test_what_promotes_is_refused_and_ordinary_questions_are_not(language: str) -> None:
    assert [words for words in PROMOTING[language] if fault_in(words, language) is None] == []
    refused = {words: str(fault) for words in ORDINARY[language] if (fault := fault_in(words, language))}
    assert refused == {}


@pytest.mark.parametrize("between", ["\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u034f"])
def test_characters_that_nobody_sees_hide_no_word(between: str) -> None:
    assert fault_in(f"A dis{between}count", "en") is not None
    assert fault_in(f"See exam{between}ple.com", "en") is not None


def test_amounts_may_stand_in_an_answer_to_be_chosen_and_a_percentage_may_not() -> None:
    assert fault_in("Below 500 kr.", "da", praise=False) is None
    assert fault_in("Below 500 kr.", "da") is not None
    assert fault_in("10 procent", "da", praise=False) is not None


@pytest.mark.parametrize("name", ["Spar Odense", "REA Transport", "Havnbo", "Ale & Søn", "Sparkasse Kiel"])
def test_the_name_of_a_company_is_no_offer_of_another_language(name: str) -> None:
    assert fault_in_name(name) is None
