"""What may be said of a company: each value in its one form, or refused."""

from collections.abc import Sequence

from services.trigger.errors import BadTenant
from shared.values.languages import language_tag
from shared.values.messages import message
from shared.values.networks import read_network
from shared.values.text import normalized_text
from shared.values.zones import zone_names

MAX_NAME_LENGTH = 200
MAX_POSTAL_ADDRESS_LENGTH = 1_000
MAX_LANGUAGES = 20
MAX_ZONE_LENGTH = 100
MAX_STAFF_NETWORKS = 50
MAX_NETWORK_LENGTH = 64
MIN_NETWORK_BITS = {4: 8, 6: 20}
"""Of IPv4 and IPv6: no company has more than such a network."""
_WHAT = {"name": message("The name"), "postal_address": message("The postal address")}


def printable(text: str, field: str, max_length: int) -> str:
    """The text in its one form.

    :raises BadTenant: when it is empty, too long, or cannot be printed.
    """
    clean = normalized_text(text)
    if not clean or len(clean) > max_length or not clean.isprintable():
        raise BadTenant(
            field,
            message(
                "%(what)s takes 1 to %(most)s characters that can be printed; %(found)s are here.",
                what=_WHAT[field],
                most=max_length,
                found=len(clean),
            ),
        )
    return clean


def known_time_zone(time_zone: str) -> str:
    """The zone, if this installation has data of it.

    :raises BadTenant: when it has none.
    """
    if time_zone not in zone_names():
        raise BadTenant(
            "time_zone",
            message("There is no time zone %(zone)s; write it like Europe/Copenhagen.", zone=repr(time_zone)),
        )
    return time_zone


def clean_languages(languages: Sequence[str]) -> tuple[str, ...]:
    """The languages as tags in their one form, each once.

    :raises BadTenant: when there is none, or too many, or one is no tag.
    """
    tags = [language_tag(each.strip()) for each in languages if each.strip()]
    if not tags or None in tags or len(tags) > MAX_LANGUAGES:
        raise BadTenant(
            "languages",
            message("Write one to %(most)s languages as tags, such as en, da or pt-BR.", most=MAX_LANGUAGES),
        )
    return tuple(dict.fromkeys(tag for tag in tags if tag is not None))


def clean_networks(networks: Sequence[str]) -> tuple[str, ...]:
    """The company's own networks in their one form, each once.

    :raises BadTenant: when there are too many, or one is no network or a part of the internet.
    """
    found: list[str] = []
    for text in filter(None, map(str.strip, networks)):
        network = read_network(text)
        if network is None or network.prefixlen < MIN_NETWORK_BITS[network.version]:
            raise BadTenant(
                "staff_networks",
                message(
                    "%(text)s is no network of a company: write it like 192.0.2.0/24 or 2001:db8:1::/48, "
                    "with at least %(four)s bits, of IPv6 %(six)s.",
                    text=repr(text[:MAX_NETWORK_LENGTH]),
                    four=MIN_NETWORK_BITS[4],
                    six=MIN_NETWORK_BITS[6],
                ),
            )
        found.append(str(network))
    own = tuple(dict.fromkeys(found))
    if len(own) > MAX_STAFF_NETWORKS:
        raise BadTenant(
            "staff_networks", message("There is room for %(most)s networks.", most=MAX_STAFF_NETWORKS)
        )
    return own
