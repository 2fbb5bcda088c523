"""What DNS says about a sender: its keys, its policy, the hosts that send for it, and their names."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from services.dispatcher.senders.findings import DnsRecord, Finding
from shared.mail.dkim_records import FoundKey, KeyFault, find_key
from shared.mail.dmarc import DmarcError, find_dmarc, is_aligned
from shared.mail.dns import DnsLook, DnsUnavailable, IpAddress
from shared.mail.spf import SpfCheck, SpfError
from shared.values.dkim_keys import DkimKey
from shared.values.messages import Message, message

NO_ANSWER = message("DNS gave no answer, so nothing is known. Look again in a while.")
UNSIGNED = message(
    "No key is set, so mails leave unsigned, unless your mail server signs them in the name of this domain."
)
KEY_FAULTS: dict[KeyFault, Message] = {
    "missing": message("The record of the key is not there yet."),
    "several": message("There is more than one record under the key's name, so that none counts."),
    "revoked": message("The record of the key is empty: the key is withdrawn."),
    "another": message("The record there is that of another key."),
    "not_for_mail": message("The record does not let the key sign mail."),
}
PUBLISH = message("Publish this record in the DNS of the domain:")
REPLACE = message("Publish this record in the DNS of the domain, in place of what is there:")
MAX_FOUND = 5


async def check_dkim(
    look: DnsLook, domain: str, keys: Sequence[DkimKey]
) -> tuple[Finding, list[str], list[str]]:
    """Whether the records of the keys are there; with the selectors of those that are, and that are not.

    :param keys: the newest first.
    """
    if not keys:
        return Finding(about="dkim", verdict="warning", said=UNSIGNED), [], []
    found: dict[str, FoundKey] = {}
    for key in keys:
        try:
            found[key.selector] = await find_key(look, domain, key)
        except DnsUnavailable:
            continue
    seen = [selector for selector, each in found.items() if each.matches]
    missing = [selector for selector, each in found.items() if not each.matches]
    wanting = next((key for key in keys if key.selector in missing), None)
    texts = [text for each in found.values() for text in each.records][:MAX_FOUND]
    if wanting is not None:
        fault = found[wanting.selector].fault
        record = DnsRecord(wanting.record_name(domain), "TXT", wanting.record)
        finding = Finding(
            about="dkim",
            verdict="warning" if seen else "bad",
            said=KEY_FAULTS[fault or "missing"],
            found=texts,
            remedy=PUBLISH if fault == "missing" else REPLACE,
            records=[record],
        )
    elif not seen:
        finding = Finding(about="dkim", verdict="unknown", said=NO_ANSWER)
    elif any(found[selector].is_tried for selector in seen):
        said = message("The record of the key says “t=y”, so that others treat the mails as unsigned.")
        record = DnsRecord(keys[0].record_name(domain), "TXT", keys[0].record)
        finding = Finding(
            about="dkim", verdict="bad", said=said, found=texts, remedy=REPLACE, records=[record]
        )
    else:
        said = message("Mails are signed by %(domain)s, and its record has the key.", domain=domain)
        finding = Finding(about="dkim", verdict="good", said=said, found=texts)
    return finding, seen, missing


async def check_dmarc(look: DnsLook, domain: str, envelope_domain: str, report_to: str) -> Finding:
    """Whether the domain has a policy, and which."""
    name = f"_dmarc.{domain}"
    proposed = DnsRecord(name, "TXT", f"v=DMARC1; p=none; rua=mailto:{report_to}")
    try:
        record = await find_dmarc(look, domain)
    except DnsUnavailable:
        return Finding(about="dmarc", verdict="unknown", said=NO_ANSWER)
    except DmarcError as error:
        said = message("The DMARC record does not count (%(why)s).", why=str(error))
        return Finding(about="dmarc", verdict="bad", said=said, remedy=REPLACE, records=[proposed])
    if record is None:
        said = message("The domain has no DMARC record, which large mail providers ask for.")
        return Finding(about="dmarc", verdict="bad", said=said, remedy=PUBLISH, records=[proposed])
    by_spf = is_aligned(envelope_domain, domain, record.domain, strict=record.strict_spf)
    facts = {"policy": record.policy, "domain": record.domain, "mode": "s" if record.strict_dkim else "r"}
    said = (
        message(
            "The policy of %(domain)s is “%(policy)s”. Mails keep to it by their signature (adkim=%(mode)s) "
            "and by their envelope.",
            **facts,
        )
        if by_spf
        else message(
            "The policy of %(domain)s is “%(policy)s”. Mails keep to it by their signature (adkim=%(mode)s); "
            "their envelope has another domain, which is enough.",
            **facts,
        )
    )
    return Finding(about="dmarc", verdict="good", said=said, found=[record.text])


async def check_spf(look: DnsLook, envelope: str, terms: str | None) -> Finding:
    """Whether the domain of the envelope lets our hosts send.

    :param envelope: the address that bounces go to.
    :param terms: our hosts, as a record names them; None: not known.
    """
    domain = envelope.rpartition("@")[2]
    spf = SpfCheck(look)
    try:
        text = await spf.record(domain)
        proposed = DnsRecord(domain, "TXT", with_terms(text, terms or "mx"))
        if text is None:
            said = message("%(domain)s, the domain of the envelope, has no SPF record.", domain=domain)
            return Finding(about="spf", verdict="bad", said=said, remedy=PUBLISH, records=[proposed])
        await spf.follow(domain)
        refused = await _refused(look, spf, envelope, terms or "")
    except DnsUnavailable:
        return Finding(about="spf", verdict="unknown", said=NO_ANSWER)
    except SpfError as error:
        said = message(
            "The SPF record cannot be followed, so that others ignore it (%(why)s).", why=str(error)
        )
        remedy = message("Mend the SPF record of %(domain)s.", domain=domain)
        return Finding(about="spf", verdict="bad", said=said, remedy=remedy)
    facts = {"domain": domain, "lookups": spf.lookups}
    if refused:
        said = message(
            "The SPF record of %(domain)s does not let us send: %(hosts)s.", hosts=refused, **facts
        )
        return Finding(
            about="spf", verdict="bad", said=said, found=[text], remedy=REPLACE, records=[proposed]
        )
    if terms is None:
        said = message(
            "%(domain)s has an SPF record (%(lookups)s of 10 lookups). From which hosts mail leaves is not "
            "known here.",
            **facts,
        )
        remedy = message("Whoever runs Afterword can say it: AFTERWORD_SPF.")
        return Finding(about="spf", verdict="unknown", said=said, found=[text], remedy=remedy)
    said = message("The SPF record of %(domain)s lets us send (%(lookups)s of 10 lookups).", **facts)
    return Finding(about="spf", verdict="good", said=said, found=[text])


async def check_names(look: DnsLook, terms: str | None) -> Finding:
    """Whether the addresses that mail leaves from have names that lead back to them."""
    hosts = single_hosts(terms or "")
    if not hosts:
        said = message(
            "The addresses that mail leaves from are not known here, so their names are not, either."
        )
        return Finding(about="ptr", verdict="unknown", said=said)
    confirmed: list[str] = []
    for host in hosts:
        try:
            names = await look.names_of(host)
            led_back = [name for name in names[:MAX_FOUND] if await _leads_to(look, name, host)]
        except DnsUnavailable:
            return Finding(about="ptr", verdict="unknown", said=NO_ANSWER)
        if not led_back:
            said = message("%(address)s has no name that leads back to it.", address=str(host))
            remedy = message(
                "Ask whoever gave you the address to set its name, and give that name the address:"
            )
            record = DnsRecord(host.reverse_pointer, "PTR", names[0] if names else "mail.example.com")
            return Finding(
                about="ptr",
                verdict="bad",
                said=said,
                found=names[:MAX_FOUND],
                remedy=remedy,
                records=[record],
            )
        confirmed.append(f"{host} {led_back[0]}")
    said = message("The addresses that mail leaves from have names that lead back to them.")
    return Finding(about="ptr", verdict="good", said=said, found=confirmed)


def single_hosts(terms: str) -> list[IpAddress]:
    """The addresses among the parts of an SPF record that name one host each."""
    named = (term.partition(":")[2] for term in terms.split() if term.startswith(("ip4:", "ip6:")))
    networks = [ip_network(each, strict=False) for each in named]
    return [network.network_address for network in networks if network.num_addresses == 1]


def with_terms(record: str | None, terms: str) -> str:
    """An SPF record that also lets these hosts send."""
    if record is None:
        return f"v=spf1 {terms} ~all"
    words = record.split()
    wanted = [term for term in terms.split() if term.lower() not in {word.lower() for word in words}]
    ends = [
        n
        for n, word in enumerate(words)
        if word.lower().endswith("all") or word.lower().startswith("redirect=")
    ]
    at = ends[0] if ends else len(words)
    return " ".join([*words[:at], *wanted, *words[at:]])


async def _refused(look: DnsLook, spf: SpfCheck, envelope: str, terms: str) -> str:
    """Those of our hosts that the record does not let send."""
    domain = envelope.rpartition("@")[2]
    refused = []
    for term in terms.split():
        kind, _, value = term.partition(":")
        if kind == "include":
            passes = value.lower() in spf.includes
        elif kind in {"ip4", "ip6"}:
            network = ip_network(value, strict=False)
            passes = await _passes(look, network.network_address, domain, envelope) and await _passes(
                look, network[-1], domain, envelope
            )
        else:
            hosts = [value] if kind == "a" else await look.mail_servers(value)
            found = [
                address for host in hosts[:MAX_FOUND] for address in await look.addresses(host, v6=False)
            ]
            passes = bool(found) and all(
                [await _passes(look, address, domain, envelope) for address in found[:MAX_FOUND]]
            )
        if not passes:
            refused.append(term)
    return ", ".join(refused)


async def _passes(look: DnsLook, address: IpAddress, domain: str, envelope: str) -> bool:
    return await SpfCheck(look).result(ip_address(address), domain, envelope) == "pass"


async def _leads_to(look: DnsLook, name: str, host: IpAddress) -> bool:
    return host in await look.addresses(name, v6=host.version == 6)  # noqa: PLR2004  (IPv6)
