"""The parts of the harness that verdicts depend on."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from chaos.asked import CUSTOMERS, IN_PROGRAMME, IN_WAVE, WAVE_SIZE, Asked
from chaos.clocked import ClockedCase, ClockedCases, DoneStep
from chaos.imported import KINDS, Imported, a_file, wanted_effects
from chaos.operator import Series, Sign
from chaos.proxy import ClientConnection


def message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def prepare(name: bytes, sql: bytes) -> bytes:
    return message(b"P", name + b"\0" + sql + b"\0\0\0")


def use(name: bytes) -> bytes:
    return message(b"B", b"\0" + name + b"\0\0\0")


COMMIT = message(b"Q", b"COMMIT;\0")


def test_a_counter_that_began_again_is_counted_on() -> None:
    series = Series(last=10, low=10, high=10, rise=0)
    for value in (12, 12, 3, 4):
        series.next(value)
    assert series.rise == 2 + 3 + 1


def test_a_gauge_that_moved_and_came_back_has_moved() -> None:
    series = Series(last=6, low=6, high=6, rise=0)
    for value in (3, 6):
        series.next(value)
    assert series.high - series.low == 3


def test_a_sign_reads_as_prometheus_writes_it() -> None:
    assert str(Sign("afterword_x_total", labels={"status": "503"})) == 'afterword_x_total{status="503"}'


def test_a_client_is_known_by_the_first_known_statement_in_its_transaction() -> None:
    client = ClientConnection()
    client.commits(prepare(b"a", b"UPDATE position AS p SET next_offset = $1"))
    client.commits(prepare(b"b", b"\n    UPDATE invitation\n    SET state = $1"))
    assert client.commits(use(b"a") + use(b"b")) == ""
    assert client.commits(COMMIT) == "consumer"
    client.commits(use(b"b"))
    assert client.commits(COMMIT) == "sender"


def test_a_relay_commits_with_its_statement_and_an_api_is_known_by_its_name() -> None:
    relay, api = ClientConnection(), ClientConnection()
    relay.commits(prepare(b"a", b"DELETE FROM outbox WHERE seq"))
    assert relay.commits(use(b"a")) == "relay"
    api.commits(b"application_name\0collector-api\0")
    assert api.commits(COMMIT) == "api"


def test_a_rollback_is_no_commit() -> None:
    client = ClientConnection()
    client.commits(prepare(b"a", b"UPDATE position AS p SET next_offset = $1"))
    client.commits(use(b"a"))
    client.commits(message(b"Q", b"ROLLBACK;\0"))
    assert client.commits(COMMIT) == ""


def all_asked() -> Asked:
    """A wave and a programme without a fault."""
    wave = UUID(int=1)
    regions = {
        f"w-{n}": IN_WAVE if n < CUSTOMERS[IN_WAVE] else IN_PROGRAMME for n in range(sum(CUSTOMERS.values()))
    }
    decided = [(f"afterword/wave/{wave}", f"w-{n}", "invited") for n in range(WAVE_SIZE)]
    decided += [
        ("afterword/wave/s/day", id_, "invited" if region == IN_PROGRAMME else "conditions")
        for id_, region in regions.items()
    ]
    return Asked(wave, regions, set(regions), decided, {(source, id_) for source, id_, _ in decided})


def test_a_wave_and_a_programme_that_asked_each_once_have_no_fault() -> None:
    assert all_asked().faults() == []


WAVE, DAY = f"afterword/wave/{UUID(int=1)}", "afterword/wave/s/day"


@pytest.mark.parametrize(
    ("more", "less", "fault"),
    [
        ((WAVE, "w-7", "invited"), None, "doubled: 1 customers of the wave"),
        (("afterword/wave/s/next", "w-500", "invited"), None, "doubled: 1 customers of the programme"),
        ((WAVE, "w-500", "invited"), None, "wrong: 301 customers in the wave"),
        (None, (WAVE, "w-7", "invited"), "wrong: 299 customers in the wave"),
        (None, (DAY, "w-500", "invited"), "lost: 1 customers whose turn has come, such as w-500"),
        ((DAY, "w-500", "opted_out"), (DAY, "w-500", "invited"), "wrong: 1 decisions"),
        ((f"{DAY}/2", "w-500", "invited"), None, "doubled: 1 customers of the programme"),
    ],
)
def test_each_customer_who_is_asked_twice_missed_or_misjudged_is_a_fault(
    more: Any, less: Any, fault: str
) -> None:
    asked = all_asked()
    decided = [each for each in asked.decided if each != less] + [more] * (more is not None)
    changed = replace(asked, decided=decided, published={(source, id_) for source, id_, _ in decided})
    assert [each for each in changed.faults() if each.startswith(fault)] != []


def test_a_refused_turn_that_is_tried_again_once_each_time_is_no_fault() -> None:
    asked = all_asked()
    of_others = [each for each in asked.decided if each[:2] != (DAY, "w-500")]
    tries = [(DAY, "w-500", "quarantine"), (f"{DAY}/2", "w-500", "cap"), (f"{DAY}/3", "w-500", "invited")]
    tried = replace(asked, decided=of_others + tries, published={each[:2] for each in of_others + tries})
    assert tried.faults() == []
    twice = replace(tried, decided=[*tried.decided, tries[1]])
    assert [each for each in twice.faults() if each.startswith("doubled: 1 customers of the programme")]


def test_an_event_without_a_decision_is_lost() -> None:
    asked = all_asked()
    assert replace(asked, decided=asked.decided[1:]).faults()[0].startswith("lost: 1000 events and 999")


def all_imported() -> Imported:
    """A file of each kind, all of whose rows were taken once or told."""
    files = [a_file(kind, number, 200, random.Random(kind)) for number, kind in enumerate(KINDS)]
    progress, told = {}, {}
    for file in files:
        file.id = file.kind
        bad = len(file.faulty) - len(file.left_out)
        progress[file.id] = {
            "state": "done",
            "rows": 200,
            "done_rows": 200,
            "taken": 200 - bad,
            "refused": bad,
        }
        told[file.id] = [(row, column, f"{remedy}.") for row, (column, remedy) in file.faulty.items()]
    return Imported(files, progress, told, wanted_effects(files))


def test_files_whose_rows_were_all_taken_once_have_no_fault() -> None:
    imported = all_imported()
    assert imported.faults() == []
    assert all(len(file.faulty) >= 4 and len(file.good) > 40 for file in imported.files)
    assert all(effects.total() for effects in imported.effects.values())


@pytest.mark.parametrize("name", wanted_effects([]))
@pytest.mark.parametrize(("more", "fault"), [(-1, "lost: 1"), (1, "doubled: 1")])
def test_each_row_that_took_effect_twice_or_never_is_a_fault(name: str, more: int, fault: str) -> None:
    imported = all_imported()
    effects = {each: Counter(found) for each, found in imported.effects.items()}
    effects[name][max(effects[name])] += more
    assert [each[: len(fault)] for each in replace(imported, effects=effects).faults()] == [fault]


def test_a_faulty_row_that_is_told_twice_never_or_otherwise_is_a_fault() -> None:
    imported = all_imported()
    first, *others = imported.told["answers"]
    wrong = {
        "doubled: 1 faulty rows of answers": [first, first, *others],
        "lost: 1 faulty rows of answers": others,
        "wrong: of row 2 of answers": [(2, "at", first[2]), *others],
        "doubled: 1 faulty rows of answers, such as 99": [first, *others, (99, "at", "Is wrong.")],
    }
    for fault, lines in wrong.items():
        told = {**imported.told, "answers": lines}
        assert [each for each in replace(imported, told=told).faults() if each.startswith(fault)], fault


def test_progress_that_does_not_add_up_is_a_fault() -> None:
    imported = all_imported()
    for name in imported.progress["events"]:
        progress = {**imported.progress, "events": {**imported.progress["events"], name: 199}}
        (fault,) = replace(imported, progress=progress).faults()
        assert fault.startswith(f"wrong: a file of events says {name} 199")


def all_clocked() -> ClockedCases:
    """Four cases: one ran to its end, one was closed, one waits, one waited for a while."""
    warned, first, last = DoneStep(2, 0), DoneStep(3, 1), DoneStep(5, 2)
    told = {1: 1, 2: 1}
    return ClockedCases(
        [
            ClockedCase(UUID(int=1), "runs", None, [warned, first, last], told),
            ClockedCase(UUID(int=2), "closed", (3, None), [warned], {}),
            ClockedCase(UUID(int=3), "paused", (1, None), [], {}),
            ClockedCase(UUID(int=4), "resumed", (3, 3), [warned, first, last], told),
        ],
        {"mail": 1},
        {"a": "sent", "b": "unknown"},
    )


def test_clocks_that_did_each_step_once_have_no_fault() -> None:
    assert all_clocked().faults() == []


@pytest.mark.parametrize(
    ("number", "steps", "fault"),
    [
        (1, [DoneStep(2, 0), DoneStep(3, 1)], "lost: 1 levels that nobody was told of"),
        (4, [DoneStep(2, 0), DoneStep(3, 2)], "lost: 1 levels that nobody was told of"),
        (1, [DoneStep(2, 1), DoneStep(3, 1), DoneStep(4, 2)], "doubled: 1 steps"),
        (2, [DoneStep(2, 0), DoneStep(4, 1)], "wrong: 1 steps of clocks that stood still"),
        (3, [DoneStep(2, 0)], "wrong: 1 steps of clocks that stood still"),
    ],
)
def test_each_step_that_is_missing_doubled_or_not_to_be_is_a_fault(
    number: int, steps: list[DoneStep], fault: str
) -> None:
    cases = [replace(one, steps=steps) if one.id.int == number else one for one in all_clocked().cases]
    assert [each for each in replace(all_clocked(), cases=cases).faults() if each.startswith(fault)]


def test_each_mail_about_a_step_that_is_missing_doubled_or_waits_is_a_fault() -> None:
    clocked = all_clocked()
    first, *others = clocked.cases
    for told, fault in (({1: 2, 2: 1}, "doubled: 1 mails about"), ({1: 1}, "lost: 1 levels without a mail")):
        changed = replace(clocked, cases=[replace(first, told=told), *others])
        assert [each[: len(fault)] for each in changed.faults()] == [fault]
    assert replace(clocked, mails={"mail": 2}).faults()[0].startswith("doubled: 1 mails that were sent again")
    assert replace(clocked, queued={"a": "waiting"}).faults()[0].startswith("lost: 1 mails that still wait")
