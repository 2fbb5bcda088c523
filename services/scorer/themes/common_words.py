"""Words that never become a theme by themselves, by language: a comment about anything has them. Data.

Short words of grammar, what customers say of everything (good, bad, order, customer), times and numbers, and
given names. A language without a list has themes found only where other comments show which words are common.
"""

from collections.abc import Mapping

_ENGLISH = """
a about above absolutely according across actually add added after afternoon again against ago ain all
almost along already also although always am amazing among an and annoyed annoying another answer answered
any anybody anyone anything anyway anywhere apart appalling apparently appear appeared are area aren around
as ask asked asking at away awesome awful back bad badly basic basically be beautiful became because become
been before began begin behind being believe below beside best better between beyond big bit black blue both
bought brilliant bring brought business but buy buying by came can cannot care case cause certain certainly
change changed cheers choose chose chosen clear clearly close come comes coming comment comments company
complain complained complaint complaints complete completely consider considered continue continued could
couldn couldnt count counted couple course crap customer customers daily dare date dates day days dear
decent definitely deserve despite did didn didnt different difficult disappointed disappointing
disappointment discover discovered disgusting do does doesn doesnt doing don done dont down dreadful due
during each early easier easily easy eight either else end ended enjoy enjoyable enjoyed enjoying enough
entire entirely especially etc even evening event ever every everybody everyone everything everywhere
exactly example excellent except expect expected experience experiences explain explained extra extremely
fact fail failed fails fair fairly fantastic far fast feel feeling felt few fifth finally find fine first
five fixed follow followed following for forget forgot found four fourth frankly friday friend friends from
front frustrated frustrating full fully further future gave general generally get gets getting give given
gives giving go goes going gone good got gotten great green guess guys had hadn half hand happen happened
happening happens happy hard hardly has hasn hate have haven having he hear heard hello help helped helping
hence her here hers herself high highly him himself his home honest honestly hope hopefully hoping horrible
hour hours how however huge i idea if ignore ignored imagine impossible in including incredible incredibly
indeed inside instead into is isn issue issues it item items its itself ive join just keep keeps kept kind
knew know known lack large last lasted lastly lasts late lately later latest learn learned least leave
leaving left less let letting like likely line list little ll long longer look looked looking looks loss
lost lot lots love loved lovely low made main mainly major make makes making man manage many matter may
maybe me mean means meant mention mentioned middle might mind mine minute minutes mistake moment monday
money month months more morning most mostly move mr mrs much multiple must my myself name near nearly need
needed needs neither never new next nice night nine no nobody none nor normal normally not note nothing
notice noticed now nowhere number of off offer offered often oh ok okay old on once one ones only onto open
option options or order ordered ordering orders other others otherwise our ours ourselves out outside over
overall own part particular particularly pass past pay paying people per perfect perfectly perhaps person
pick picked place places plain please pleased pm point poor poorly possible possibly pretty previous
previously probably problem problems proper properly provide provided pure put quick quickly quite rather
rating re read reading ready real realize realized really reason reasonable reasons receive received recent
recently recommend recommended red regarding regards regular remember remembered remove removed rest result
review reviews ridiculous right rubbish run running said same sat satisfied saturday save saw say saying
says score second see seem seemed seems seen self sell selling send sending sent serious seriously serve
service services set seven several shall shame she shocking shop shopping short should shouldn show showed
side simple simply since single sir sit situation six slow slowly small so sold solution solve solved some
somebody somehow someone something sometimes somewhere soon sorry sort speak spend spent spoke stand start
started starting state stay step still stood stop stopped store straight strange stuff stupid such suddenly
sunday super suppose supposed sure surely surprised take taken takes taking talk talking team tell telling
ten terrible than thank thanks that the their theirs them themselves then there these they thing things
think third this those though thought three through thursday thus time times to today together told tomorrow
tonight too took top total totally toward towards tried try trying tuesday turn turned twelve twenty twice
two unable unacceptable under understand unfortunately unhappy unless unlike until unusable up upon upset us
use used useful useless using usual usually various ve very via visit wait want wanted wants was wasn wasnt
waste wasted watch watched way ways we wednesday week weekend weeks well went were weren what whatever when
whenever where whereas wherever whether which while white who whoever whole whom whose why will willing wish
with within without woman won wonder wondered wonderful wont word words work worked working works world
worse worst worth would wouldn wouldnt wow write wrong year years yes yesterday yet you your yours yourself
yourselves zero
"""
_DANISH = """
ad af aften aldrig alene alle allerede alligevel alt altid anbefale anbefaler anbefalet anden andet andre
ankom anmeldelse at bad bag bare bede bedre bedst bedste begge begynde begyndt behandling behov beklage
beklager besked bestemt bestemte bestille bestiller bestilling bestilt blev blevet bliv blive bliver bort
brug bruge bruger brugt burde butik butikken både bør da dag dage dagen dagene dags dansk danske dejlig
dejligt del dem den denne der derefter deres derfor deri dermed derpå desuden desværre det dette dig din
dine disse dit dog du dårlig dårlige dårligere dårligt efter eftermiddag egen egentlig eget ej eksempel
elendig elendigt eller ellers en end endda endelig endnu eneste engang enkelt enkle ens er et faktisk fandt
fantastisk fem fik fin find finde finder fint fire firma firmaet fjerde flere flest flot folk for foran
fordi foregik forhold forkert forkerte forklar forklare forklaret formiddag forrige forskel forskellige
forstå forstår forsøg forsøge forsøgt fortalt fortælle forventede forventet forventning forventninger fra
fredag fremad fremover frustrerende få fået får føler følte før første gang gange ganske gav generelt gerne
gider gik giv give giver givet gjorde gjort glad glade glæde god gode godt grund gå gået går gør gøre hade
haft halv ham han hans har havde have hej hel hele helst helt hen hende hendes her herefter herfra heri
hermed herre hertil hilsen hjalp hjem hjemme hjulpet hjælp hjælpe hjælper hold holde holder holdt hos hun
hurtig hurtige hurtigere hurtigt hvad hvem hver hverken hvert hvilke hvilken hvilket hvis hvor hvordan
hvorfor hvornår høre hører hørt igen igennem ikke imellem imens imod ind inde inden indtil ingen intet ja
jeg jer jeres jo kan katastrofe kede kedelig kende kender kendt klage klager klaget klar klart kom komme
kommentar kommer kommet korrekt kort kunde kunden kunder kunderne kunne kvinde kære køb købe køber købt
købte lad lade lader lagt lang langsom langsomt langt lav lave laver lavet let lidt lige ligesom ligeså
ligger lille lovede lover lovet luk lørdag løs løse løsning løst mand mandag mange mangel mangler med meget
mellem men mener mens mere mest mig min mindre mindst mine minut minutter mit mod morgen mulig muligt mvh må
måde måned måneder måske måtte ned nede nej nemlig nemt ni nogen noget nogle nok normalt nu ny nye nyt nå
når næste næsten ofte og også okay om omkring onsdag op oplevede oplevelse oplevet oppe ordentlig ordentligt
ordre ordren os otte over overhovedet par person problem problemer problemet prøv prøve prøver prøvet på
rart resten rigtig rigtige rigtigt ringe ringere sag sagde sagen sagt samme sammen samt seks selv
selvfølgelig sen send sende sender sendt senere senest sent ser service servicen set sidde sidder side siden
sidst sidste sige siger sikke sikker sikkert simpelthen sin sine sit situation skal skidt skrevet skriv
skrive skriver skuffende skuffet skulle skyld skøn snart som sometider spild spurgt spurgte spørg spørge
spørger spørgsmål stadig sted steder stor store stort står svar svare svarer svaret svært synd synes syntes
syv så sådan sådant således søndag tag tage tager taget tak taler talte tid tiden tider tidligere til
tilbage tilfreds tilfredse time timer timers tirsdag to torsdag tre tredje tro trods tror træls tusind
uanset ud ude uden uge ugen uger ugers umulig umuligt under undgå utilfreds utrolig utroligt var ved vej vel
venligst vente venter vi via vide videre vidste vil ville virkede virkelig virker vores vær være været åben
åbenbart år året ærgerligt ærlig ærligt øvrigt
"""
_DUTCH = """
aan aangekomen aanraden aanrader aantal aanvraag absoluut acht achter af al alle alleen allemaal alles als
alsof altijd ander andere anders antwoord antwoorden avond bedrijf beetje begin begon begrijp begrijpen
behalve behandeld beide beloofd beloofde ben beste bestel besteld bestelde bestellen bestelling bestellingen
beter betere bij bijna bijvoorbeeld binnen bleef blij blijf blijft blijven boven buiten daar daarbij
daardoor daarmee daarna daarom daarop dacht dag dagen dan dank dankjewel dankzij dat de deden deed deze die
dingen dinsdag dit doe doen doet donderdag door drie druk dus duurde duurt echt echte een eens eenvoudig
eerder eerlijk eerst eerste eigen eigenlijk eind einde eindelijk elk elke en enige enkel enkele er erg
ergens erger ergste ervan ervaring ervaringen even extra fantastisch fijn fijne fout fouten frustrerend ga
gaan gaat gaf gebeld gebeurd gebeurde gebeurt gebruik gebruiken gebruikt gedaan geef geeft geen gegaan
gegeven gehad geholpen gehoord gekocht gekomen gekregen geleden gelukkig gemaakt gemakkelijk genoeg genomen
gepast geprobeerd geschreven gestuurd geval geven geweest geweldig gewoon gezegd gezien ging gingen goed
goede goedemorgen groeten groot grote haal haalde haar had hadden half hallo halve hard heb hebben hebt
heeft heel heen helaas hele helemaal help helpen helpt hem hen het hetzelfde hield hier hij hoe hoeft
hoelang hoewel hoger hoop hoor hoorde hopelijk houden hun idee ieder iedere iedereen iemand iets ik in
indien ineens inmiddels is ja jaar jammer jaren je jij jou jouw juist jullie kan keer keren klaar klacht
klachten klant klanten klantenservice klein kleine kocht kom komen komt kon konden koop kopen kort kreeg
kregen krijg krijgen krijgt kun kunnen kunt kwam kwamen kwijt laat laatst laatste lag lang lange langer
langzaam last lastig later leek leuk lezen liet lieten ligt lijkt loopt los maak maakt maakte maand maandag
maanden maar maken makkelijk makkelijker man manier me mee meer meerdere meest meestal meeste meneer mensen
met meteen mevrouw mezelf middag mij mijn minder minst minuten minuut mis misschien moest moesten moet
moeten mogelijk mogen mooi mooie morgen mvg na naar naast nadat nam natuurlijk nee neem neemt negen nemen
nergens net niemand niet niets niks nodig nog nogal nooit nou nu of ofwel om omdat ondanks onder onderweg
ongeveer onmogelijk ons onze onzin ook op open opgelost oplossen oplossing opnieuw over overal paar pas per
periode persoon plaats plek positief precies prettig prima probeer probeerde proberen probleem problemen
raar reactie reageren recent redelijk reden rest review rond ruim samen schande service simpel sinds
situatie slecht slechte slechter slechts snap snel snelle sneller soms soort sprak spreken staan staat
steeds stel stond stuk sturen stuur stuurde stuurt super teleurgesteld teleurstellend teleurstelling telkens
ten tenminste ter terecht terug terwijl tevreden tien tijd tijden tijdens tijdje toch toe toen tot totaal
totdat tussen twee tweede u uit uiteindelijk uiteraard uren uur uw vaak vaker van vanaf vandaag vanuit
vanwege veel ver verder verkeerd verkeerde verschillende verschrikkelijk verteld vertelde vertellen
vervelend verwacht verwachten verwachting vier vijf vind vinden vindt volgende volgens volledig vond voor
vooraf vooral voorbeeld voordat vorige vraag vragen vreselijk vriendelijke vrijdag vroeg vroeger waar
waarbij waardeloos waarom waarschijnlijk waren was wat we week weekend weer weet weg weinig weken wel welk
welke werd werden werk werken werkt werkte weten wie wij wil wilde wilden willen winkel winkels woensdag
woord worden wordt wou zag zaken zat zaterdag ze zeer zeg zeggen zegt zei zeker zelf zelfs zes zeven zich
zie zien ziet zij zijn zit zitten zo zoals zodat zomaar zondag zonde zonder zou zouden zullen zult
"""
_GIVEN_NAMES = """
adam agnes aksel alan albert alex alexander alfred alice alma amalie amanda amy anders andrea andreas andrew
anita anja ann anna anne annette annika anton arjan arthur asger astrid august barbara bart ben benjamin
bent benthe bernard birgit birgitte bjarne bob bodil bram brian britt camilla carina carl carla caroline
carsten casper catharina cecilie charlotte chris christian christina christopher claire claus connie daan
daniel dave david dennis diana dirk ditte dorte dorthe edith eline elisabeth elizabeth ella ellen emil
emilie emily emma eric erik ernst esther eva femke fiona flemming frank frederik freja frits gary geert
george gerard gerda gerrit gert grethe gustav hanna hannah hanne hans harry heidi helen helena helle hendrik
henk henning henrik henry hugo ian ida inge inger ingrid irene iris isabel isabella ivan jack jacob jakob
james jamie jan jane janne jasper jean jeff jennifer jens jeroen jesper jette jim joachim joan joanna johan
johannes john johnny jonas jonathan joost jordan joris josefine josh joshua jost juan judith julia julian
julie jytte karen karin karina karl karsten kasper kate katharina katherine kathrine katja katrine kees
kelly ken kenneth kevin kim kimberly kirsten klaas klaus knud koen kristian kristina kristoffer kurt lars
lasse laura laurens leif lena lene leo liam linda line lisa lisbeth lise lone lotte louise lucas lucy luna
luuk maarten mads magnus maja malene manon marc marco maren margrethe maria marianne marie marieke marije
marijke marion marit mark marleen marlene martijn martin mary mathias mathilde matthew maud megan merete
mette michael michelle mike mikkel mogens mona monica monique morten nadia nancy nanna natasha nicholas nick
nicole niels niklas nikolaj nina noah oliver olivia oscar otto palle paul paula pauline peder per pernille
peter philip pia pieter poul preben rachel ralf ramon rasmus rebecca rene richard rikke rita robert robin
roger rolf ronald rosa ross ruben rune ruth ryan sam samantha samuel sander sandra sanne sara sarah saskia
sebastian silas simon sofia sofie sophie steen stefan stephanie stephen steve steven stine susan susanne
sven svend tanja tessa thea theo thijs thomas tim tina tine tobias tom tommy tony torben trine troels ulla
ulrik ursula vera verner vibeke victor victoria viktor vincent walter wendy werner wessel willem william wim
wouter yvonne
"""
GIVEN_NAMES = frozenset(_GIVEN_NAMES.split())
COMMON_WORDS: Mapping[str, frozenset[str]] = {
    "en": frozenset(_ENGLISH.split()),
    "da": frozenset(_DANISH.split()),
    "nl": frozenset(_DUTCH.split()),
}
"""In small letters, without those of given names."""
