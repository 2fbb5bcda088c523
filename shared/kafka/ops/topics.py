"""The topics as deploy/kafka/topics.yaml declares them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

TopicKind = Literal["kept", "erasable", "compacted"]


class _DeclaredTopic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: TopicKind
    partitions: int | None = None
    configs: dict[str, str] = {}


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the file."""

    partitions: int
    replication: int
    configs: dict[str, str]
    kinds: dict[TopicKind, dict[str, str]]
    topics: dict[str, _DeclaredTopic]
    dead_letters: _DeclaredTopic


@dataclass(frozen=True)
class TopicSpec:
    """One topic as it is declared."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str]


def read(text: str) -> Declaration:
    """Parse a declaration: JSON, with comments on lines that begin with #.

    :raises msgspec.ValidationError: naming the field at fault.
    """
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return msgspec.json.decode("\n".join(lines), type=Declaration)


@cache
def declaration() -> Declaration:
    """The declaration that is installed with this code."""
    # By name: shared imports nothing from deploy.
    return read(files("deploy").joinpath("kafka", "topics.yaml").read_text())


def declared(
    names: Iterable[str], *, partitions: int | None = None, replication: int | None = None
) -> list[TopicSpec]:
    """These topics as they are declared; the numbers override the declaration for another size of cluster.

    :raises KeyError: for a topic that is neither declared nor one of dead letters.
    """
    defaults = declaration()
    replicas = replication or defaults.replication
    specs = []
    for name in names:
        entry = defaults.dead_letters if name.endswith(".dlq") else defaults.topics[name]
        configs = defaults.configs | defaults.kinds[entry.kind] | entry.configs
        in_sync = min(int(configs["min.insync.replicas"]), max(replicas - 1, 1))
        specs.append(
            TopicSpec(
                name,
                entry.partitions or partitions or defaults.partitions,
                replicas,
                configs | {"min.insync.replicas": str(in_sync)},
            )
        )
    return specs
