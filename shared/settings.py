"""Settings come from the environment, secrets also from files; every fault is named at once."""

import os
import re
import ssl
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar, get_args
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

FILE_SUFFIX = "_FILE"
"""Behind a secret's name: the variable with the path of its file, as secrets are mounted into containers."""


class SettingsError(Exception):
    """Variables are missing, wrong or unknown. The message has one line for each of them."""


def _web_address(given: str) -> str:
    parts = urlsplit(given)
    valid = parts.scheme in {"http", "https"} and parts.hostname and _has_valid_port(parts)
    if not valid or parts.path.strip("/") or parts.query:
        raise ValueError("must be like https://afterword.example, without a path")
    return given.rstrip("/")


def _brokers(given: str) -> str:
    for broker in given.split(","):
        host, _, port = broker.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError("must be host:port, or several of them separated by commas")
    return given


def _mail_server(given: SecretStr) -> SecretStr:
    parts = urlsplit(given.get_secret_value())
    valid = parts.scheme in {"smtp", "smtps"} and parts.hostname and _has_valid_port(parts)
    if not valid or parts.path.strip("/") or parts.query not in {"", "tls=required"}:
        raise ValueError(
            "must begin with smtp:// or smtps:// and name a host, with nothing behind it but ?tls=required; "
            "a password has %2F for /, %23 for #, %3F for ?"
        )
    return given


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def _host_name(given: str) -> str:
    if not _HOST_NAME.fullmatch(given) or _is_address(given):
        raise ValueError("must be a full host name such as bounces.example.com")
    return given.lower()


def _field_name(given: str) -> str:
    if not re.fullmatch(r"X-[A-Za-z0-9-]{1,60}", given):
        raise ValueError("must be the name of a header field that begins with X-")
    return given


def _greeting(given: str) -> str:
    """A full host name or an address in brackets: mail servers refuse others (RFC 5321, 4.1.1.1, 4.1.3)."""
    inner = given[1:-1].removeprefix("IPv6:") if given.startswith("[") and given.endswith("]") else ""
    if not _is_address(inner) and (not _HOST_NAME.fullmatch(given) or _is_address(given)):
        raise ValueError("must be a full host name such as mail.example.com, or an address as [192.0.2.1]")
    return given


def _is_address(given: str) -> bool:
    try:
        ip_address(given)
    except ValueError:
        return False
    return True


def _authorities(given: str) -> str:
    """A file of certificates, read now so that a wrong one is reported when the process starts."""
    try:
        ssl.create_default_context().load_verify_locations(cafile=given)
    except ssl.SSLError:
        raise ValueError("the file holds no certificates in PEM form") from None
    except OSError as error:
        raise ValueError(f"the file cannot be read: {error.strerror}") from None
    return given


def _has_valid_port(parts: SplitResult) -> bool:
    """Whether the port is a number or left out. Pydantic would quote the value in the error it raises."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def _database(given: SecretStr) -> SecretStr:
    parts = urlsplit(given.get_secret_value())
    if parts.scheme != "postgresql+asyncpg" or not parts.hostname or not parts.path.strip("/"):
        raise ValueError("must be like postgresql+asyncpg://role:password@host:5432/database")
    return given


def _proxies(given: str) -> str:
    for proxy in given.split(","):
        if proxy.strip() != "*":
            try:
                ip_network(proxy.strip())
            except ValueError:
                raise ValueError("must be addresses or networks separated by commas, or *") from None
    return given


def _signing_keys(given: SecretStr | None) -> SecretStr | None:
    """Keys that can be read. The library is imported where there are any: it takes its time."""
    if given is not None:
        from shared.values.dkim_keys import read_keys  # noqa: PLC0415

        read_keys(given.get_secret_value())
    return given


_SPF_TERM = re.compile(r"ip[46]:[0-9a-fA-F:.]+(?:/\d{1,3})?|(?:include|a|mx):" + _HOST_NAME.pattern)


def _spf_terms(given: str) -> str:
    """What lets our mail pass in SPF; written between "v=spf1" and "all" of a record."""
    for term in given.split():
        if not _SPF_TERM.fullmatch(term):
            raise ValueError(
                "must be parts of an SPF record separated by blanks, such as "
                "ip4:192.0.2.25 include:spf.provider.example"
            )
        kind, _, value = term.partition(":")
        if kind in {"ip4", "ip6"}:
            _networks(value, int(kind[-1]))
    return " ".join(given.split())


def _networks(value: str, version: int) -> None:
    try:
        right = ip_network(value).version == version
    except ValueError:
        right = False
    if not right:
        raise ValueError(f"has an ip{version}: with something else than an address or network behind it")


Network = IPv4Network | IPv6Network


def networks_of(given: str) -> list[Network]:
    """The networks of a list separated by commas.

    :raises ValueError: when one of them is none.
    """
    return [ip_network(each.strip()) for each in given.split(",") if each.strip()]


def _outbound_networks(given: str) -> str:
    try:
        networks_of(given)
    except ValueError:
        raise ValueError(
            "must be networks such as 10.20.0.0/16 or fd00:12::/48, separated by commas"
        ) from None
    return given


def _dns_servers(given: str) -> str:
    for server in given.split(","):
        parts = urlsplit(f"//{server.strip()}")
        if not _has_valid_port(parts) or not _is_address(parts.hostname or ""):
            raise ValueError("must be addresses such as 192.0.2.53 or [2001:db8::53]:53, separated by commas")
    return given


WebAddress = Annotated[str, AfterValidator(_web_address)]


class EnvironmentSettings(BaseModel):
    """Settings that `load` reads from variables with one prefix."""

    model_config = ConfigDict(extra="forbid", validate_default=True, hide_input_in_errors=True)
    PREFIX: ClassVar[str]


class Afterword(EnvironmentSettings):
    """Settings that several services need; every process gets the same values."""

    PREFIX = "AFTERWORD_"

    kafka: Annotated[str, AfterValidator(_brokers)] = Field(
        description="Kafka's bootstrap servers, host:port separated by commas.",
        examples=["kafka-1:9092,kafka-2:9092"],
    )
    public_url: WebAddress = Field(
        description="Where customers reach /s/, /u/, /q/ and /x/. When it differs from the staff's, "
        "its host answers nothing else.",
        examples=["https://ask.example.com"],
    )
    staff_url: WebAddress = Field(
        description="Where staff and client back-ends reach the rest. With https:// the cookies of staff are "
        "for encrypted connections only.",
        examples=["https://afterword.example.com"],
    )
    internal_url: WebAddress | None = Field(
        default=None,
        description="Where the services of this installation ask each other about personal data, and for "
        "pages that are not saved (below /v1/personal-data/, with the same paths behind it as the staff's "
        "URL). Without it "
        "AFTERWORD_STAFF_URL; set it where the services do not reach that.",
        examples=["http://proxy:80"],
    )
    secret: SecretStr = Field(
        min_length=32,
        description="The root of every key that is derived (links, passes, hashes of addresses); at least 32 "
        "characters, the same for all services. Changing it breaks the links that were sent.",
        examples=["the output of: openssl rand -base64 48"],
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_mail_server)] = Field(
        description="The mail server of dispatcher and alerts: smtp://user:password@host:port, or smtps:// "
        "with TLS from the start. With smtp:// TLS is used where it is offered, whoever vouches for the "
        "certificate; with a password for another machine, with ?tls=required behind the port, and with "
        "smtps:// nothing is sent without TLS whose certificate is trusted.",
        examples=["smtps://user:password@mail.example.com:465"],
    )
    smtp_ehlo: Annotated[str, AfterValidator(_greeting)] | None = Field(
        default=None,
        description="The full host name that the mail server is greeted with (EHLO), or an address in "
        "brackets. Without it the domain of AFTERWORD_MAIL_FROM, else the host of AFTERWORD_PUBLIC_URL.",
        examples=["afterword.example.com"],
    )
    smtp_ca_file: Annotated[str, AfterValidator(_authorities)] | None = Field(
        default=None,
        description="A file of certificates (PEM) of authorities of your own that the mail server's "
        "certificate may come from, besides those that the system trusts.",
        examples=["/etc/ssl/own-ca.pem"],
    )
    mail_from: str = Field(
        default="afterword@example.com",
        pattern="@",
        description="Sender of mails to staff, and to customers where a company has set none of its own.",
        examples=["afterword@example.com"],
    )
    bounce_host: Annotated[str, AfterValidator(_host_name)] | None = Field(
        default=None,
        description="The host whose addresses survey mails have as the sender of their envelope, each mail "
        "has its own (`bounce+…@`), so that what comes back says which mail it was. Its mail (MX) must reach "
        "`afterword run dispatcher bounces`, or the mailbox that this reads. Without it mails come back to "
        "AFTERWORD_MAIL_FROM.",
        examples=["bounces.afterword.example.com"],
    )
    reply_host: Annotated[str, AfterValidator(_host_name)] | None = Field(
        default=None,
        description="The host of the addresses (`reply+…@`) to which customers answer mails from cases, each "
        "of which says what it answers. Its mail (MX) must reach `afterword run dispatcher bounces`, or the "
        "mailbox that this reads; it may be AFTERWORD_BOUNCE_HOST where a provider takes no mail of that. "
        "Without it customers answer to the address that the mail came from, and no case hears of it.",
        examples=["replies.afterword.example.com"],
    )
    reference_field: Annotated[str, AfterValidator(_field_name)] | None = Field(
        default=None,
        description="A header field in which each survey mail carries its reference, for providers that send "
        "back such a field in place of the Message-ID: `X-PM-Metadata-afterword` for Postmark.",
        examples=["X-PM-Metadata-afterword"],
    )
    dkim_keys: Annotated[SecretStr | None, AfterValidator(_signing_keys)] = Field(
        default=None,
        description="The keys that mails are signed with (DKIM) in the name of the domain of "
        "AFTERWORD_MAIL_FROM, as `afterword sender key` makes them: of each a line with its selector, then "
        "the private key (PEM). Of two keys of one kind the later one signs once its record is seen in DNS. "
        "Without it mails leave unsigned, unless the mail server signs them.",
        examples=["the output of: afterword sender key s2026"],
    )
    spf: Annotated[str, AfterValidator(_spf_terms)] | None = Field(
        default=None,
        description="The hosts from which mail leaves to the internet, as an SPF record names them: parts "
        "separated by blanks. `afterword sender check` holds the domain's record against them.",
        examples=["ip4:192.0.2.25 include:spf.provider.example"],
    )
    dns: Annotated[str, AfterValidator(_dns_servers)] | None = Field(
        default=None,
        description="DNS servers that the records of senders are asked from: addresses, with a port where it "
        "is not 53, separated by commas. Without it those of the system.",
        examples=["192.0.2.53,198.51.100.53"],
    )
    outbound_networks: Annotated[str, AfterValidator(_outbound_networks)] | None = Field(
        default=None,
        description="Private networks that servers named by companies may lie in, such as the Kafka cluster "
        "of a source or the endpoint of a webhook, separated by commas. Without it only public addresses are "
        "connected to, so that no administrator of a company can reach the inner network.",
        examples=["10.20.0.0/16,192.0.2.7/32"],
    )
    topic_partitions: int | None = Field(
        default=None,
        ge=1,
        description="Partitions of each topic, in place of the declaration's.",
        examples=["24"],
    )
    topic_replication: int | None = Field(
        default=None,
        ge=1,
        description="Copies of each topic, in place of the declaration's; 1 on one broker.",
        examples=["1"],
    )
    trusted_proxies: Annotated[str, AfterValidator(_proxies)] = Field(
        default="127.0.0.1",
        description="Proxies that are believed when they say who called (X-Forwarded-For, -Proto): "
        "addresses or networks separated by commas, or * where nobody else can reach the port and the proxy "
        "writes these headers anew. The limits on guesses and answers go by the caller's address. The proxy "
        "passes on Host as it came.",
        examples=["10.0.0.0/8"],
    )
    log: Literal["json", "console"] = Field(
        default="json",
        description="Form of the log lines: for machines, or for people.",
        examples=["console"],
    )
    local: bool = Field(
        default=False,
        description="A local stack: mail stays on this machine, and pages say so.",
        examples=["true"],
    )
    mailbox_url: WebAddress | None = Field(
        default=None,
        description="Page of the local mailbox, which pages then name.",
        examples=["http://127.0.0.1:8025"],
    )


class ServiceSettings(EnvironmentSettings):
    """Settings that each service has of its own; the prefix is the service's name."""

    database_url: Annotated[SecretStr, AfterValidator(_database)] = Field(
        description="The service's own database. Its role owns it, and no other service knows the password.",
        examples=["postgresql+asyncpg://role:password@db.example.com:5432/role"],
    )


TOOL_VARIABLES = {
    "AFTERWORD_STATE": "Where the local stack keeps its data; `.state` in the checkout without it.",
    "AFTERWORD_IMAGE": "The image that deploy/compose.yaml runs.",
    "AFTERWORD_BI_ADMIN_URL": "The superuser's address of the scorer's database, for `afterword bi` alone.",
    "AFTERWORD_BI_ADMIN_PASSWORD_FILE": "In its place, where the scorer's own address leads to the server: "
    "a file with the password of the superuser `postgres`.",
    "AFTERWORD_CHROMIUM": "The browser that the tests drive.",
    "AFTERWORD_SHOTS": "Where the tests leave pictures of pages.",
    "AFTERWORD_TEST_EXAMPLES": "Which examples for client back-ends the tests must run: `all`, or (as "
    "without it) those whose language this machine has.",
    "AFTERWORD_TEST_STACK": "What the tests run against: `local` (as without it), or `containers`.",
}
"""Variables with the same prefix that only tools read: no service reports them as unknown."""

S = TypeVar("S", bound=EnvironmentSettings)


def load(kinds: list[type[S]], environment: Mapping[str, str] | None = None) -> list[S]:
    """Read settings of these kinds. An empty value counts as not given.

    :raises SettingsError: when a variable is missing, wrong or unknown. It never quotes a value.
    """
    environment = os.environ if environment is None else environment
    faults: list[str] = []
    loaded: list[S] = []
    for kind in kinds:
        prefix = kind.PREFIX
        known = known_names(kind)
        faults += [
            f"{name}: no such setting{_did_you_mean(name, known)}"
            for name in sorted(environment)
            if name.startswith(prefix) and name not in known
        ]
        values: dict[str, str] = {}
        unread: set[str] = set()
        for field, info in kind.model_fields.items():
            try:
                given = _given(prefix + field.upper(), environment, from_file=is_secret(info))
            except SettingsError as fault:
                faults.append(str(fault))
                unread.add(field)
                continue
            if given:
                values[field] = given
        try:
            loaded.append(kind.model_validate(values))
        except ValidationError as error:
            for wrong in error.errors(include_input=False, include_url=False):
                field = str(wrong["loc"][0])
                if field not in unread:
                    missing = wrong["type"] == "missing"
                    what = "missing" if missing else wrong["msg"].removeprefix("Value error, ")
                    faults.append(f"{prefix}{field.upper()}: {what}. {kind.model_fields[field].description}")
    if faults:
        raise SettingsError("\n".join(faults))
    return loaded


def known_names(kind: type[EnvironmentSettings]) -> set[str]:
    """Every variable of these settings, those with the files of secrets included."""
    names = {kind.PREFIX + field.upper() for field in kind.model_fields}
    secrets = {kind.PREFIX + field.upper() for field, info in kind.model_fields.items() if is_secret(info)}
    return names | {name + FILE_SUFFIX for name in secrets} | set(TOOL_VARIABLES)


def is_secret(info: FieldInfo) -> bool:
    """Whether the setting is a secret: it is never shown, and may come from a file."""
    return info.annotation is SecretStr or SecretStr in get_args(info.annotation)


def _given(name: str, environment: Mapping[str, str], *, from_file: bool) -> str:
    value = environment.get(name, "")
    path = environment.get(name + FILE_SUFFIX, "") if from_file else ""
    if not path:
        return value
    if value:
        raise SettingsError(f"{name}: given twice, here and as {name}{FILE_SUFFIX}; keep one of them")
    try:
        content = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{name}{FILE_SUFFIX}: the file cannot be read: {why}") from None
    content = content.removesuffix("\n").removesuffix("\r")
    if not content:
        raise SettingsError(f"{name}{FILE_SUFFIX}: the file is empty")
    return content


def _did_you_mean(name: str, known: set[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
