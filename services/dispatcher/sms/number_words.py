"""Words that make the number before them something else than a score, and phrases of replies that nobody has
written, in nine languages. Pure.
"""

import re
import unicodedata

_DAY_TIMES = """
    am pm oclock uhr kl klokken klokka klo morning noon afternoon evening night tonight today tomorrow
    yesterday midnight morgen formiddag middag eftermiddag ettermiddag aften aftenen nat natten idag imorgen
    igar igår kvall kväll ikvall vandaag gisteren avond ochtend middags heute gestern abend vormittag
    nachmittag mittag matin midi soir demain aujourdhui manana ayer hoy tarde noche huomenna eilen tanaan
    illalla aamulla
"""
_MONTHS = """
    january february march april may june july august september october november december jan feb mar apr
    jun jul aug sep sept oct okt nov dec dez januar februar marts mars mai maj juni juli oktober desember
    dezember januari februari maart mei augustus augusti marz maerz janner janvier fevrier avril juin
    juillet aout septembre octobre novembre decembre enero febrero marzo abril mayo junio julio agosto
    septiembre setiembre octubre noviembre diciembre tammikuu helmikuu maaliskuu huhtikuu toukokuu kesakuu
    heinakuu elokuu syyskuu lokakuu marraskuu joulukuu
"""
_WEEKDAYS = """
    monday tuesday wednesday thursday friday saturday sunday mandag tirsdag onsdag torsdag fredag lordag
    lørdag sondag søndag tisdag maandag dinsdag woensdag donderdag vrijdag zaterdag zondag montag dienstag
    mittwoch donnerstag freitag samstag sonnabend sonntag lundi mardi mercredi jeudi vendredi samedi
    dimanche lunes martes miercoles jueves viernes sabado domingo maanantai tiistai keskiviikko torstai
    perjantai lauantai sunnuntai
"""
_COUNTED = """
    h hrs hora horas hour hours hr timer timmar timme heure heures tunti tuntia tunnin uur uren stunde
    stunden minute minutes minuter minutten minuten minuto minutos minuutti minuuttia minutt second seconds
    days dage dager dagar dagen tage tagen jours dias paiva paivaa paivan week weeks uge uger uke uker vecka
    veckor weken woche wochen semaine semaines semana semanas viikko viikkoa month months maned maneder
    manad manader maand maanden monat monate mois meses kuukausi kuukautta year years aar jaar jahr jahre
    annee annees ano anos vuosi vuotta items parcels packages pieces pcs orders products boxes things times
    x pct people persons customers stars degrees varer pakker stk stykker ordrer gange procent prosent
    stjerner kolli personer artikelen pakketten pakjes stuks bestellingen keer dozen dingen sterren pakete
    paketen stuck stück bestellungen prozent sachen sterne teile articles colis commandes fois pourcent
    paquets choses etoiles articulos paquetes pedidos veces piezas cosas estrellas varor kollin ganger
    gånger kpl tuote tuotetta pakettia tilausta kertaa prosenttia tahtea usd eur euro euros dkk sek nok kr
    kroner kronor dollar dollars pounds km kg gb mb
"""
_ONE_OF_THEM = """
    item parcel package piece order product box thing percent person star vare pakke ordre pakket stuk
    bestelling artikel paket bestellung article paquete articulo pedido commande dag day jour dia tag
"""
_AWAY = """
    back return returning returns available unavailable reachable meeting closed open opening until till
    tilbage tilbake tillbaka terug zuruck retour vuelta takaisin mote møde møte vergadering besprechung
    reunion lukket stengt stangt gesloten geschlossen ferme cerrado kiinni
"""
_LISTS = """
    or and til maybe perhaps eller og oder und bis tot ou och tai one two three four five six seven eight
    nine ten tre fire fem seks syv otte ti twee drie vier vijf zes zeven acht negen tien eins zwei drei funf
    fünf sechs sieben neun zehn deux trois quatre cinq sept huit neuf dix uno dos tres cuatro cinco seis
    siete ocho nueve diez tva två fyra sex sju atta åtta nio tio atte åtte yksi kaksi kolme nelja viisi
    kuusi seitseman kahdeksan yhdeksan kymmenen
"""
_NOT_WRITTEN = (
    *("out of office", "out of the office", "automatic reply", "automated", "auto reply", "autoreply"),
    *("not monitored", "unmonitored", "not read", "do not reply", "cannot receive", "not able to receive"),
    *("opening hours", "office hours", "im driving", "i am driving", "no longer in use"),
    *(
        "autosvar",
        "automatisk svar",
        "laeses ikke",
        "læses ikke",
        "besvares ikke",
        "abningstid",
        "åbningstid",
    ),
    *("ikke pa kontoret", "ikke på kontoret", "kan ikke besvares", "svar ikke på", "leses ikke"),
    *(
        "niet gelezen",
        "afwezig",
        "automatisch antwoord",
        "buiten kantoor",
        "openingstijden",
        "niet beantwoord",
    ),
    *(
        "abwesenheit",
        "automatische antwort",
        "nicht gelesen",
        "nicht im buro",
        "offnungszeiten",
        "nicht beantwortet",
    ),
    *("reponse automatique", "absent du bureau", "pas lu", "ne pas repondre", "heures d ouverture"),
    *("respuesta automatica", "fuera de la oficina", "no responder", "horario de", "no se lee"),
    *("automatiskt svar", "franvaro", "inte pa kontoret", "lases inte", "besvaras inte", "oppettider"),
    *("automaattinen vastaus", "poissaolo", "ei lueta", "ei vastata", "aukioloajat", "fravaer", "fravær"),
)
COUNTED_WORDS, DATED_WORDS = 2, 4
"""So many words behind the number say what it counts, and of which time it is."""
_NAMED = re.compile(r"[^\W_]+")


def plain_terms(text: str) -> list[str]:
    """The words of a text in small letters without accents; what stands between them is left out."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("\u2019", ""))
    return _NAMED.findall("".join(each for each in decomposed if not unicodedata.combining(each)))


def _terms(words: str) -> frozenset[str]:
    return frozenset(plain_terms(words))


_DATED = _terms(_DAY_TIMES + _MONTHS + _WEEKDAYS + _AWAY)
_COUNTS = _terms(_COUNTED)
_NEXT_OF_LISTS = _terms(_LISTS + _ONE_OF_THEM)
_PHRASES = tuple(f" {' '.join(plain_terms(phrase))}" for phrase in _NOT_WRITTEN)


def counts_something(behind: str) -> bool:
    """Whether the words behind a number make it a date, a time, one of a list or how many there are."""
    terms = plain_terms(behind)
    return not (
        _DATED.isdisjoint(terms[:DATED_WORDS])
        and _COUNTS.isdisjoint(terms[:COUNTED_WORDS])
        and _NEXT_OF_LISTS.isdisjoint(terms[:1])
    )


def is_automatic(text: str) -> bool:
    """Whether a reply says that a machine has sent it."""
    plain = f" {' '.join(plain_terms(text))}"
    return any(phrase in plain for phrase in _PHRASES)
