"""The nine themes that every company begins with: stems in English, Danish and Dutch. Data.

They are written for comments of customers who were not content. Each has a sentence that it finds and one
that it does not in ``tests/unit/scorer/theme_sentences.py``. A minus names words in which the theme is not
meant. Whoever changes them raises ``SHIPPED_VERSION``: then the comments of all companies that use them are
matched again.
"""

from services.scorer.themes.domain import Theme, ThemeSet

SHIPPED_VERSION = 2

_STEMS: dict[str, dict[str, str]] = {
    "delivery": {
        "en": "*deliver*, parcel*, package*, shipp*, shipment*, courier*, arriv*",
        "da": "*levering*, *leveran*, *leveret*, pakke*, *forsink*",
        "nl": "bezorg*, thuisbezorg*, pakket*, levering*, leverde*, levert*, geleverd*",
    },
    "price": {
        "en": "pric*, *overpric*, *expensive*, cost*, cheaper, waste of money, worth the money, ripped off, "
        "rip-off*, -costume*",
        "da": "pris*, *dyr, *dyrt, *dyre, -kæledyr*",
        "nl": "*prijs*, *prijzen*, duur, *kosten, -op prijs*, -op den duur, -korte duur, -lange duur",
    },
    "billing": {
        "en": "invoice*, bill*, charg*, payment*, -billion*, -charger*, -charging cable*",
        "da": "*faktura*, *regning*, *betaling, opkræv*, -*beregning*",
        "nl": "factu*, *rekening*, incasso*, -rekening houden, -rekening gehouden, -rekening mee*",
    },
    "staff": {
        "en": "staff*, rude*, *friendly, *helpful*, technician*, employee*, customer service*, "
        "customer support*, tech support*, technical support*, -user friendly, -user-friendly",
        "da": "*medarbejd*, *personale*, *uhøflig*, uforskam*, *venlig*, *hjælpsom*, flink*, "
        "*kundeservice*, "
        "-brugervenlig*, -venlig hilsen*",
        "nl": "monteur*, *personeel*, *medewerk*, onbeleef*, *vriendelijk*, *behulpzaam*, "
        "*klantenservice*, "
        "-gebruiksvriendelijk*, -vriendelijke groet*",
    },
    "wait": {
        "en": "on hold, wait, waited, waiting, queue*, took ages, busy signal*, always busy, "
        "get through to*, got through to*, -can't wait, -cant wait, "
        "-wait for my refund*, -waited for my refund*, -waiting for my refund*, -waiting for the refund*",
        "da": "*ventetid*, kø, *evighed*, ventet, -ventet på pengene*",
        "nl": "*wachttijd*, *wachtrij*, eeuwen, wachten, gewacht, -wachten op mijn geld*",
    },
    "product": {
        "en": "broke*, quality*, defect*, faulty, product*, stopped working, quit working, malfunction*, "
        "flimsy, poorly made, badly made, -broker*, -productiv*, -quality assurance, -product support, "
        "-*site stopped working, -app stopped working",
        "da": "i stykker, *kvalitet*, *fejl, produkt*, -produktiv*",
        "nl": "kapot*, *kwaliteit*, brak, product*, -productief*",
    },
    "website": {
        "en": "*website*, site, app, log in*, login*, password*, crash*",
        "da": "*hjemmeside*, logge ind, app, appen, login*, adgangskode*",
        "nl": "inlog*, *webshop*, *website*, app, wachtwoord*",
    },
    "returns": {
        "en": "*refund*, return, returned, returns, returning, money back, send it back, sent it back, "
        "sending it back, -return call*, -returned my call*, -returning my call*, -returning customer*",
        "da": "pengene tilbage, *tilbagebetal*, retur*",
        "nl": "*terugbetal*, retour*, geld terug*",
    },
    "communication": {
        "en": "call back, called back, call me back, called me back, told me, follow up*, follow-up*, "
        "followup*, inform*, nobody, no one, was told, were told, no reply, no response, never replied, "
        "never answered, -informal*",
        "da": "besked*, ringet op, ringet tilbage, ingen gav, -beskedent*",
        "nl": "teruggebeld*, laten weten, liet weten, liet iets weten, niemand",
    },
}
_CAUSES = {
    "delivery": "delivery",
    "price": "price",
    "billing": "billing",
    "staff": "people",
    "wait": "contact.wait",
    "product": "product",
    "website": "digital",
    "returns": "process.return",
    "communication": "communication",
}
SHIPPED = ThemeSet(
    version=SHIPPED_VERSION,
    themes=tuple(
        Theme(
            id=theme,
            stems={language: tuple(written.split(", ")) for language, written in stems.items()},
            cause=_CAUSES[theme],
        )
        for theme, stems in _STEMS.items()
    ),
)
"""What a company has that has changed nothing."""
