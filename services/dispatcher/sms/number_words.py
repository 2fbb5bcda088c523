"""Words that make the number before them something else than a score, and phrases of replies that nobody has
written, in nine languages. Pure.
"""

import re
import unicodedata

_DAY_TIMES = """
    pm oclock uhr kl klokken klokka klo morning noon afternoon evening night tonight today tomorrow
    yesterday midnight morgen formiddag middag eftermiddag ettermiddag aften aftenen nat natten idag imorgen
    igar igår kvall kväll ikvall vandaag gisteren avond ochtend middags heute gestern abend vormittag
    nachmittag mittag matin midi soir demain aujourdhui manana ayer hoy tarde noche huomenna eilen tanaan
    illalla aamulla kveld morgon imorgon ikveld iaften inatt nuit nacht ochtends avonds nachts
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
    stunden minute minutes minuter minutten minuten minuto minutos minuutti minuuttia minutt seconds secs mins
    days dage dager dagar dagen tage tagen jours dias paiva paivaa paivan week weeks uge uger uke uker vecka
    veckor weken woche wochen semaine semaines semana semanas viikko viikkoa month months maned maneder
    manad manader maand maanden monat monate mois meses kuukausi kuukautta year years aar jaar jahr jahre
    annee annees ano anos vuosi vuotta items parcels packages pieces pcs orders products boxes things times
    x pct people persons customers stars degrees varer pakker stk stykker ordrer gange procent prosent
    stjerner kolli personer artikelen pakketten pakjes stuks bestellingen keer dozen dingen sterren pakete
    paketen stuck stück bestellungen prozent sachen sterne teile articles colis commandes fois pourcent
    paquets choses etoiles articulos paquetes pedidos veces piezas cosas estrellas varor kollin ganger
    gånger kpl tuote tuotetta pakettia tilausta kertaa prosenttia tahtea usd eur euro euros dkk sek nok kr
    kroner kronor dollar dollars pounds km kg gb mb wks mths yrs std stdn sek tim st styck stycken dygn
    cajas caja unidades ans unites kappaletta secondes segundos sekunden sekunder seconden kwartier mal
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
    ou kanskje kanske maske misschien vielleicht quizas ehka
    or and til maybe perhaps eller og oder und bis tot ou och tai one two three four five six seven eight
    nine ten tre fire fem seks syv otte ti twee drie vier vijf zes zeven acht negen tien eins zwei drei funf
    fünf sechs sieben neun zehn deux trois quatre cinq sept huit neuf dix uno dos tres cuatro cinco seis
    siete ocho nueve diez tva två fyra sex sju atta åtta nio tio atte åtte yksi kaksi kolme nelja viisi
    kuusi seitseman kahdeksan yhdeksan kymmenen
"""
_INFLECTED = re.compile(
    r"""
    (?:mon|tues|wednes|thurs|fri|satur|sun)day\w*
    | (?:man|tirs|tis|ons|tors|fre|lor|lør|son|søn)dag\w*
    | (?:maan|dins|woens|donder|vrij|zater|zon)dag\w*
    | (?:mon|diens|donners|frei|sams|sonn)tag\w* | mittwoch\w* | sonnabend\w*
    | (?:lun|mar|mercre|jeu|vendre|same)dis? | dimanches? | sabados? | domingos?
    | (?:maanan|tiis|tors|perjan|lauan|sunnun)tai\w* | keskiviik\w*
    | (?:tammi|helmi|maalis|huhti|touko|kesa|heina|elo|syys|loka|marras|joulu)ku\w+
    | (?:(?:efter|etter|for|fore|voor|na)?middag|(?:vor|nach)?mittag)\w* | (?:avond|ochtend|abend|aften)\w*
    | (?:kvall|kveld|morgen|morgon)\w* | tomorrows? | todays? | (?:ilta|aamu)\w*
    """,
    re.VERBOSE,
)
"""Days, months and parts of a day in any of their forms, without accents."""
_INFLECTED_UNITS = re.compile(
    r"""
    u[gk]e(?:r|n|s|ne|rs|rne|ne|ns)? | veck(?:a|an|ans|or|ors|orna) | viik(?:ko|o)\w*
    | tim(?:er|ers|mar|mars|men|mens|merna) | tun(?:ti|tia|nin|nit|nissa|nista|teja|tien|tina)
    | dag(?:e|er|en|ar|es|ers|ars|ens|ene|arna) | tag(?:e|en|es) | paiv(?:a|aa|an|ia|ien|assa|ana|aksi)
    | manad(?:er|ers|en|erna) | maned(?:er|ers|en|erne)? | maand(?:en)? | monat(?:e|en|s)? | kuukau\w+
    | minut(?:ter|ters|tet|en|er|ers|erna|o|os|e|es) | minuut\w+ | stunden? | vuo(?:si|tta|den|sia|dessa)
    """,
    re.VERBOSE,
)
_LATE = re.compile(
    r"(?:late|delayed|laat|vertra\w+|spat|verspat\w*|retard|tarde|retraso|forsink\w+|forsen\w+|sent|sen|my[oh]\w+)"
)
_UNITS_WHEN_LATE = frozenset({"min", "u", "h", "d"})
"""Letters that are words of their own in some language (my, you): units alone, or before how late it was."""
_UNFOLDED = frozenset({"\u00e5r", "\u00e5rs"})
"""Years, which without their ring are another word."""
_BEFORE_TIMES = """
    in on at by before after from about around since during i om pa ved fra for efter etter op rond voor na
    vanaf am im um ab vor nach gegen a au aux en vers des avant apres por vid till sobre hacia desde
"""
_BETWEEN_TIMES = "the a an den det de dem der die das le la les el los las het een this next denna nasta"
_CERTAINLY_AUTOMATIC = (
    *("out of office", "out of the office", "automatic reply", "automated reply", "automated message"),
    *("automated response", "auto reply", "autoreply", "not monitored", "unmonitored", "do not reply"),
    *("number is not read", "messages are not read", "cannot receive", "not able to receive"),
    *("im driving", "i am driving", "no longer in use"),
    *("autosvar", "automatisk svar", "fravaer", "fravær", "ikke pa kontoret", "svar ikke på"),
    *("afwezig", "automatisch antwoord", "buiten kantoor", "abwesenheit", "automatische antwort"),
    *("nicht im buro", "reponse automatique", "absent du bureau", "ne pas repondre"),
    *("respuesta automatica", "fuera de la oficina", "no responder"),
    *("automatiskt svar", "franvaro", "inte pa kontoret", "automaattinen vastaus", "poissaolo"),
)
"""With one of them a number is no sure answer."""
_OFTEN_AUTOMATIC = (
    *("automated", "not read", "opening hours", "office hours", "laeses ikke", "læses ikke", "besvares ikke"),
    *("abningstid", "kan ikke besvares", "leses ikke", "niet gelezen", "openingstijden", "niet beantwoord"),
    *("nicht gelesen", "offnungszeiten", "nicht beantwortet", "pas lu", "heures d ouverture", "horario de"),
    *("no se lee", "lases inte", "besvaras inte", "oppettider", "ei lueta", "ei vastata", "aukioloajat"),
)
"""What a customer may write as a reason, too: it says something only where there are several numbers."""
SAYING_WORDS = 2
"""So many words behind a number say what it counts, and of which time it is."""
_OTHERS_WITH_ACCENT = frozenset({"tr\u00e8s", "o\u00f9", "h\u00f6ra", "m\u00e5l"})
"""Very, where, hear and goal, of which others have no accent: three, or, hours and times."""
_WRITTEN = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
_NAMED = re.compile(r"[^\W_]+")
_OPENING_HOURS = re.compile(r"\b(opening|office|business|delivery|working)\s(hours|times)\b", re.IGNORECASE)
"""A reason of a score, whose second word counts nothing."""
_HALF_OF_DAY = re.compile(r"\b([ap])\.\s?m\b", re.IGNORECASE)


def plain_terms(text: str) -> list[str]:
    """The words of a text in small letters without accents; what stands between them is left out."""
    composed = unicodedata.normalize("NFKC", text.casefold().replace("'", "").replace("\u2019", ""))
    return _NAMED.findall(" ".join(map(_folded_word, _WRITTEN.findall(composed))))


def _folded_word(word: str) -> str:
    """A word without accents, unless it is another one without them."""
    if word in _OTHERS_WITH_ACCENT:
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def _terms(words: str) -> frozenset[str]:
    return frozenset(plain_terms(words))


def _phrases(written: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {' '.join(plain_terms(phrase))}" for phrase in written)


_DATED = _terms(_DAY_TIMES + _MONTHS + _WEEKDAYS + _AWAY)
_DATE_NAMES = _terms(_MONTHS + _WEEKDAYS)
_COUNTS = _terms(_COUNTED) - _UNITS_WHEN_LATE
_NEXT_OF_LISTS = _terms(_LISTS + _ONE_OF_THEM)
_PREPOSITIONS, _ARTICLES = _terms(_BEFORE_TIMES), _terms(_BETWEEN_TIMES)
_CERTAIN_PHRASES, _OFTEN_PHRASES = _phrases(_CERTAINLY_AUTOMATIC), _phrases(_OFTEN_AUTOMATIC)


def counts_something(behind: str) -> bool:
    """Whether the words behind a number make it a date, a time, one of a list or how many there are.

    Only the first of them say that: what comes later is about something else.
    """
    terms = plain_terms(_OPENING_HOURS.sub(r"\1\2", _HALF_OF_DAY.sub(r"\1m", behind)))
    first = terms[:SAYING_WORDS]
    return (
        not _NEXT_OF_LISTS.isdisjoint(terms[1:2] if terms[:1] == ["of"] else terms[:1])
        or terms == ["am"]
        or any(map(is_unit, first))
        or _is_short_unit(terms)
        or not _UNFOLDED.isdisjoint(_NAMED.findall(behind.casefold())[:SAYING_WORDS])
        or any(map(_is_dated, (*first, "".join(first), *_behind_preposition(terms))))
    )


def is_unit(term: str) -> bool:
    """Whether a plain word says what is counted."""
    return term in _COUNTS or _INFLECTED_UNITS.fullmatch(term) is not None


def counts_or_dates(term: str) -> bool:
    """Whether a plain word beside a number says what is counted, or of which month or day it is."""
    return is_unit(term) or term in _DATE_NAMES or _INFLECTED.fullmatch(term) is not None


def _is_short_unit(terms: list[str]) -> bool:
    if not terms or terms[0] not in _UNITS_WHEN_LATE:
        return False
    return len(terms) == 1 or any(map(_LATE.fullmatch, terms[1:3]))


def _is_dated(term: str) -> bool:
    return term in _DATED or _INFLECTED.fullmatch(term) is not None


def _behind_preposition(terms: list[str]) -> list[str]:
    """The words that say when, as in “in the evening”."""
    if not terms or terms[0] not in _PREPOSITIONS:
        return []
    begins = 2 if terms[1:2] and terms[1] in _ARTICLES else 1
    return terms[begins : begins + SAYING_WORDS]


def is_automatic(text: str) -> bool:
    """Whether a reply says that a machine has sent it."""
    return _has_any(text, _CERTAIN_PHRASES)


def may_be_automatic(text: str) -> bool:
    """Whether a reply has words of machines that customers write, too."""
    return _has_any(text, _OFTEN_PHRASES)


def _has_any(text: str, phrases: tuple[str, ...]) -> bool:
    plain = f" {' '.join(plain_terms(text))}"
    return any(phrase in plain for phrase in phrases)
