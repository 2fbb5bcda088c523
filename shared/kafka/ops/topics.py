"""The topics as they are declared in deploy/kafka/topics.yaml; the only place that says how they must be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

TopicKind = Literal["kept", "compacted"]


class _DeclaredTopic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: TopicKind
    partitions: int | None = None
    configs: dict[str, str] = {}


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says."""

    partitions: int
    replication: int
    configs: dict[str, str]
    kinds: dict[TopicKind, dict[str, str]]
    topics: dict[str, _DeclaredTopic]
    dead_letters: _DeclaredTopic


@dataclass(frozen=True)
class TopicSpec:
    """One topic as it must be."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str]


def read(text: str) -> Declaration:
    """A declaration from its text: JSON, and lines that begin with #.

    :raises msgspec.ValidationError: naming what is wrong.
    """
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return msgspec.json.decode("\n".join(lines), type=Declaration)


@cache
def declaration() -> Declaration:
    """The declaration that is installed with this code."""
    # By name: the file belongs to those who deploy, and shared imports nothing of theirs.
    return read(files("deploy").joinpath("kafka", "topics.yaml").read_text())


def declared(
    names: Iterable[str], *, partitions: int | None = None, replication: int | None = None
) -> list[TopicSpec]:
    """These topics as they must be; the numbers override the declaration for another size of cluster.

    :raises KeyError: for a topic that is neither declared nor one of dead letters.
    """
    whole = declaration()
    copies = replication or whole.replication
    found = []
    for name in names:
        entry = whole.dead_letters if name.endswith(".dlq") else whole.topics[name]
        configs = whole.configs | whole.kinds[entry.kind] | entry.configs
        in_sync = min(int(configs["min.insync.replicas"]), max(copies - 1, 1))
        found.append(
            TopicSpec(
                name,
                entry.partitions or partitions or whole.partitions,
                copies,
                configs | {"min.insync.replicas": str(in_sync)},
            )
        )
    return found
