"""What sounds like an offer or praise in each language: words, and phrases as patterns.

Words are whole words, or a beginning before ``*``. A phrase stands where its words alone say nothing of the
company: “save” may be time, and “bedst” what a customer liked.
"""

from collections.abc import Mapping

OFFER_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "discount*", "voucher*", "coupon*", "promo*", "offer", "offers", "sale", "deal", "deals", "gift*",
        "prize*", "win", "winner*", "reward*", "bonus*", "free", "giveaway*", "raffle*", "sweepstake*",
        "lottery",
        "bargain*", "cashback", "clearance", "half-price", "buy now", "buy more", "buy one get", "shop now",
        "order now", "order today", "upgrade now", "money off", "half price", "special price*",
        "limited time",
    ),
    "da": (
        "rabat*", "tilbud*", "slagtilbud*", "kupon*", "gave", "gaver", "gavekort*", "gevinst*", "præmie*",
        "vind",
        "vinder", "vindere", "vinderne", "bonus*", "gratis", "konkurrence", "konkurrencen", "konkurrencer*",
        "lodtrækning*", "trækning*", "lotteri*", "spar", "besparelse*", "kampagnepris*", "kampagnekode*",
        "køb nu", "køb mere", "bestil nu", "bestil i dag", "halv pris", "gør et kup", "udsalg*",
    ),
    "nl": (
        "korting*", "aanbieding*", "cadeau*", "prijsvraag*", "win", "winnen", "winactie*", "winnaar*",
        "loterij*",
        "verloting*", "bonus*", "gratis", "voucher*", "actiecode*", "actieprijs*", "kortingscode*",
        "beloning*",
        "bespaar", "spaarpunten", "tegoedbon*", "waardebon*", "koopje*", "afgeprijsd*", "koop nu", "nu kopen",
        "bestel nu", "nu bestellen", "halve prijs", "kans op", "maak kans", "uitverkoop*",
    ),
    "de": (
        "rabatt*", "gutschein*", "angebot*", "geschenk*", "gewinn*", "prämie*", "bonus*", "gratis",
        "kostenlos*", "verlosung*", "verlosen", "preisausschreiben*", "aktionscode*", "sonderpreis*",
        "sonderaktion*", "sonderangebot*", "sparpreis*", "sparen", "spare", "ersparnis*", "schnäppchen*",
        "preisnachlass*", "treuepunkte*", "ausverkauf*", "räumungsverkauf*", "jetzt kaufen",
        "kaufen sie jetzt",
        "jetzt bestellen", "bestellen sie jetzt", "sichern sie sich", "halben preis",
    ),
    "fr": (
        "remise*", "réduction*", "promo*", "offre*", "cadeau*", "gagn*", "bonus", "gratuit*", "tirage*",
        "soldes",
        "rabais", "économisez", "loterie*", "concours", "bon d'achat", "bons d'achat", "prix réduit*",
        "moitié prix", "achetez", "commandez maintenant", "profitez",
    ),
    "es": (
        "descuento*", "cupón*", "cupones", "oferta*", "regalo*", "gana", "gane", "ganar", "ganador*",
        "sorteo*",
        "premio*", "gratis", "gratuit*", "bono*", "rebaja", "rebajas", "rebajad*", "ahorra", "ahorre",
        "ahorrar",
        "concurso*", "lotería*", "promoción", "promociones", "compra ahora", "compre ahora", "pide ahora",
        "pida ahora", "mitad de precio",
    ),
    "sv": (
        "rabatt*", "erbjudande*", "kupong*", "present", "presenten", "presenter", "presenterna",
        "presentkort*",
        "vinn", "vinna", "vinnare*", "tävla", "lotteri*", "bonus*", "gratis", "utlottning*", "rea", "rean",
        "reapris*", "fynda", "värdecheck*", "värdekod*", "kampanjpris*", "kampanjkod*", "spara pengar",
        "spara upp till", "köp nu", "handla nu", "beställ nu", "halva priset", "chansen att",
    ),
    "nb": (
        "rabatt*", "tilbud*", "kupong*", "gave*", "vinn", "vinnere", "vinneren", "premie*", "bonus*",
        "gratis",
        "trekning*", "loddtrekning*", "lotteri*", "prisavslag*", "kampanjepris*", "kampanjekode*", "spar",
        "kjøp nå", "bestill nå", "halv pris", "sjansen til", "delta i konkurransen", "salgspris*",
    ),
    "fi": (
        "alennu*", "tarjou*", "kuponki*", "lahja*", "voita", "voittaja*", "palkinto*", "bonus*", "ilmainen",
        "ilmaisen", "ilmaiseksi", "ilmaiset", "ilmaisia", "veloituksetta", "arvonta*", "arvomme", "arvotaan",
        "ale", "alemyynti*", "alekoodi*", "etukoodi*", "loppuunmyynti*", "säästä", "säästät", "osta nyt",
        "tilaa nyt", "puoleen hintaan",
    ),
}  # fmt: skip
PRAISE_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "best", "amazing", "award-winning", "award winning", "excellent", "fantastic", "leading",
        "unbeatable",
        "love", "greatest", "finest", "outstanding", "superb", "wonderful", "incredible", "world-class",
        "world class", "top-rated", "top rated", "highest-rated", "unrivalled", "unrivaled", "unmatched",
        "market leader", "number-one",
    ),
    "da": (
        "bedste", "fantastisk*", "førende", "fremragende", "prisvindende", "elsker", "uovertruffen*",
        "bedst bedømt*",
        "kåret", "enestående", "markedsleder*", "markedsførende", "verdensklasse", "topklasse", "suveræn*",
    ),
    "nl": (
        "beste", "allerbeste", "fantastisch*", "toonaangevend*", "uitstekend*", "bekroond*", "geweldig*",
        "best beoordeeld*", "best getest*", "testwinnaar*", "marktleider*", "ongeëvenaard*", "wereldklasse",
        "topkwaliteit",
    ),
    "de": (
        "beste", "besten", "bester", "bestes", "fantastisch*", "führend*", "hervorragend*", "großartig*",
        "testsieger*", "marktführer*", "marktführend*", "bestbewertet*", "best bewertet*", "unschlagbar*",
        "einzigartig*", "erstklassig*", "weltklasse", "preisgekrönt*", "mehrfach ausgezeichnet*",
    ),
    "fr": (
        "meilleur*", "fantastique*", "excellent*", "leader*", "exceptionnel*", "incontournable*", "inégalé*",
        "imbattable*", "plébiscité*", "primé",
    ),
    "es": (
        "el mejor", "la mejor", "los mejores", "las mejores", "nuestro mejor", "mejor precio", "mejor tienda",
        "mejor valorad*", "fantástic*", "excelente*", "líder*", "excepcional*", "insuperable*",
        "inigualable*",
        "galardonad*", "premiad*",
    ),
    "sv": (
        "bästa", "fantastisk*", "ledande", "utmärkt*", "enastående", "bäst betygsatt*", "marknadsledande",
        "världsledande", "oslagbar*", "prisbelönt*", "prisad*", "suverän*", "världsklass", "underbar*",
    ),
    "nb": (
        "beste", "fantastisk*", "ledende", "fremragende", "enestående", "best vurdert*", "testvinner*",
        "markedsleder*", "markedsledende", "verdensledende", "prisbelønt*", "prisvinnende", "suveren*",
        "uslåelig*",
        "verdensklasse",
    ),
    "fi": (
        "paras", "parhaa*", "parhain*", "upea*", "johtava*", "erinomai*", "ylivoimai*", "palkittu*",
        "palkitun",
        "ykkönen", "ainutlaatui*", "loistava*", "mahtava*", "huippulaatu*",
    ),
}  # fmt: skip
_PERIODS = r"(?:now|today|big|money|more)"
OFFER_PHRASES: Mapping[str, tuple[str, ...]] = {
    "en": (
        rf"save (?:up to |over |as much as )?(?:[£$€]? ?\d|{_PERIODS})", r"(?:big|huge|great) savings",
        r"[£$€]? ?\d+ ?(?:[£$€]|euros?|pounds|dollars)? off", r"(?:prize|lucky) draw",
        r"enter (?:the|our|a) (?:\w+ )?draw", r"in with a chance", r"chance (?:to win|of winning)",
    ),
    "da": (r"(?:chancen?|mulighed) for at vinde",),
    "nl": (r"kans (?:om te|maken)",),
    "de": (r"(?:chance|chancen) auf",),
    "fr": (r"tentez votre chance", r"bons? de réduction"),
    "es": (r"(?:oportunidad|posibilidad) de ganar",),
    "sv": (r"spara (?:\d|mer|nu)",),
    "nb": (r"bli med i konkurranse\w*", r"salg nå"),
    "fi": (r"mahdollisuus voittaa",),
}  # fmt: skip
"""Of the time of customers nothing is an offer: an ordinary phrase takes that out before."""
_PLACES: Mapping[str, str] = {
    "en": r"(?:world|country|nation|europe|scandinavia|denmark|sweden|norway|finland|germany|holland"
    r"|netherlands|france|spain|britain|uk|england|ireland|scotland|america|town|city|market|industry|north|region)",
    "da": r"(?:danmarks|verdens|nordens|europas|skandinaviens|landets|byens|markedets|branchens|københavns"
    r"|jyllands|fyns|sjællands|odenses)",
    "nl": r"(?:nederlands|hollands|belgiës|europa's|'s werelds|werelds|vlaanderens|amsterdams)",
    "de": r"(?:deutschlands?|europas?|österreichs?|der schweiz|der welt|der stadt|des landes|der branche)",
    "fr": r"(?:france|europe|monde|pays|suisse|belgique|ville|marché|paris)",
    "es": r"(?:españa|europa|mundo|país|ciudad|mercado|américa|méxico)",
    "sv": r"(?:sveriges|världens|nordens|europas|skandinaviens|landets|stadens|marknadens|branschens"
    r"|stockholms)",
    "nb": r"(?:norges|verdens|nordens|europas|skandinavias|landets|byens|markedets|bransjens|oslos|bergens)",
    "fi": r"(?:suomen|maailman|euroopan|pohjoismaiden|skandinavian|maan|kaupungin|markkinoiden|alan)",
}
PRAISE_PHRASES: Mapping[str, tuple[str, ...]] = {
    "en": (
        rf"{_PLACES['en']}'s (?:most|no\.?|number|favou?rite|\w+est) ?\w*",
        rf"(?:most \w+|\w{{2,}}est) (?:\w+ )?in (?:the )?{_PLACES['en']}",
    ),
    "da": (
        rf"{_PLACES['da']} (?:mest |absolut )?(?:\w+ste?|foretrukne|populære)", r"vi er bedst",
        r"mest populære",
        r"bedst i (?:test|danmark|norden|verden|europa|byen|branchen|landet)",
    ),
    "nl": (
        rf"{_PLACES['nl']} (?:\w+ste|meest \w+|favoriete|populairste)", r"wij zijn het beste",
        r"(?:de|het) \w+ste (?:\w+ )?(?:van|in) (?:nederland|belgië|vlaanderen|europa|de wereld|het land)",
    ),
    "de": (
        rf"(?:{_PLACES['de']}) \w+ste[nrsm]?", rf"\w+ste[nrsm]? \w+ (?:in |von )?{_PLACES['de']}",
        r"am besten bewertet\w*",
    ),
    "fr": (rf"plus \w+ (?:de |du |d'|en |au )(?:la )?{_PLACES['fr']}", r"élue?s? (?:service|produit|marque)"),
    "es": (rf"más \w+ (?:del? |en )(?:la |el )?{_PLACES['es']}",),
    "sv": (
        rf"{_PLACES['sv']} (?:mest |allra )?(?:\w+st(?:a|e)?|populära|omtyckta)", r"vi är bäst",
        r"är vi bäst",
        r"bäst i (?:test|sverige|norden|världen|europa|landet|stan|branschen)",
    ),
    "nb": (
        rf"{_PLACES['nb']} (?:mest |aller )?(?:\w+ste?|populære|foretrukne)", r"vi er best",
        r"best i (?:test|norge|norden|verden|europa|landet|byen|bransjen)",
    ),
    "fi": (
        rf"{_PLACES['fi']} (?:suurin|halvin|edullisin|nopein|vahvin|luotettavin|suosituin|laajin|ykkös\w*)",
        rf"{_PLACES['fi']} \w+imm(?:at|an|ista|ista)\w*",
    ),
}  # fmt: skip
IN_NAMES_ORDINARY = frozenset({"spar", "rea", "ale", "vinn"})
"""What is as often the name of a company, or a part of it, in one language, as an offer in another."""
