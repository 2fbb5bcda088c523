"""Exports of other systems in their documented forms: what is taken of them, and why their months and ours differ."""

import csv
import io
from zoneinfo import ZoneInfo

import pytest

from services.dispatcher.imports.tables import open_file
from services.dispatcher.moving_in.comparing import months_in_words
from services.dispatcher.moving_in.export_signs import ExportSigns, look_through
from services.dispatcher.moving_in.exports import ExportReading
from services.dispatcher.moving_in.vendors import (
    VENDORS,
    Part,
    SeveralColumns,
    VendorName,
    find_columns,
)
from shared.events.nps import SCALE

DELIGHTED = (
    "Survey Response ID,Score,Comment,Created At,Person ID,Email,Survey Sent At,Survey Type,Unsubscribed At\n"
    '1,9,"Fast, and friendly",2026-01-31 23:30:00 UTC,10,kim@example.com,2026-01-30 08:00:00 UTC,nps,\n'
    "2,3,=slow,2026-02-01 10:00:00 UTC,11,lee@example.com,,nps,2026-02-02 09:00:00 UTC\n"
    "2,3,=slow,2026-02-01 10:00:00 UTC,11,lee@example.com,,nps,2026-02-02 09:00:00 UTC\n"
    "3,5,,2026-02-03 10:00:00 UTC,12,ann@example.com,,csat,\n"
    ",,,,13,bo@example.com,2026-02-04 10:00:00 UTC,nps,\n"
)
ASKNICELY = (
    "response_id;person_id;contact_id;name;email;answer;comment;sent;responded;question_type;dont_contact\n"
    "7;70;c-7;Kim;kim@example.com;10;;1767225600;1767312000;nps;1\n"
    "8;80;c-8;Lee;lee@example.com;5;;1767225600;1767312000;csat;0\n"
)
CUSTOMERGAUGE = (
    "Customer number\tEmail\tNPS Score\tComment\tSent Date\tResponse Date\n"
    "c-1\tkim@example.com\t8\tok\t31/12/2025\t01/01/2026\nc-2\tlee@example.com\tn/a\t\t31/12/2025\t01/01/2026\n"
)
RETENTLY = "id,email,score,comments,createdDate\nabc,kim@example.com,10,great,2026-01-01T10:00:00.000Z\n"
FORMBRICKS = (
    "No.,Response ID,Timestamp,Finished,Survey ID,Formbricks ID (internal),User ID,Notes,Tags,url,"
    '"1. How likely are you to recommend us?",2. Why?\n'
    "1,r-1,2026-01-01 10:00:00,Yes,s,,c-1,,,https://x.example,9,good\n"
)
CSV = "E-mail address,NPS,Date\nkim@example.com,9,\nlee@example.com,0,01/31/2026\n"


def of_scores(*scores: int) -> list[int]:
    """What the scorer counts of them."""
    return [scores.count(score) for score in SCALE]


def moved(
    vendor: VendorName, content: str, order: str = "ymd", chosen: dict[Part, str] | None = None
) -> tuple[ExportReading, list[list[str]], list[list[str]], list[list[str]]]:
    table = open_file(io.BytesIO(content.encode("utf-16")))
    columns = find_columns(vendor, table.names, chosen or {})
    utc, ours = ZoneInfo("UTC"), ZoneInfo("Europe/Copenhagen")
    reading = ExportReading(vendor, columns, order, utc, ours, "DK")  # type: ignore[arg-type]
    files = io.BytesIO(), io.BytesIO(), io.BytesIO()
    reading.write(table.rows, *files)
    first, second, third = ([*csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))][1:] for file in files)
    return reading, first, second, third


def test_an_export_of_delighted_is_taken_and_each_difference_has_its_reason() -> None:
    reading, answers, suppressions, asked = moved("delighted", DELIGHTED)
    assert [row[:4] for row in answers] == [
        ["delighted-1", "9", "2026-01-31T23:30:00+00:00", "Fast, and friendly"],
        ["delighted-2", "3", "2026-02-01T10:00:00+00:00", "'=slow"],
    ]
    assert answers[0][4:6] == ["2026-01-30T08:00:00+00:00", "kim@example.com"]
    assert suppressions[0] == ["lee@example.com", "", "", "unsubscribed", "2026-02-02T09:00:00+00:00"]
    assert asked == [["bo@example.com", "", "", "2026-02-04T10:00:00+00:00"]]
    reading.settle({3: "Is no address."}, {"2026-02": of_scores(9)})
    zones = (
        "count in 2026-02 here, by the company's time zone",
        "counted in 2026-01 there, by another time zone",
    )
    others = "1 of another question than NPS; 1 refused: Is no address.; 1 stand there twice"
    assert months_in_words(reading.months.items()) == [
        "month               theirs              ours  why they differ",
        f"2026-01         +100.0 n=1              none  1 {zones[0]}",
        f"2026-02         -100.0 n=2        +100.0 n=1  1 {zones[1]}; {others}",
        f"all              -33.3 n=3        +100.0 n=1  1 {zones[0]}; 1 {zones[1]}; {others}",
    ]


def test_each_difference_is_explained_to_the_last_answer() -> None:
    reading, *_ = moved("delighted", DELIGHTED)
    reading.settle({3: "Is no address."}, {"2026-02": of_scores(9)})
    for name, month in reading.months.items():
        missing = sum(
            -count if words.startswith("counted in") else count
            for words, count in month.reasons.items()
            if not words.startswith("of another")
        )
        assert month.theirs.total - month.ours.total == missing, name


@pytest.mark.parametrize(
    ("vendor", "content", "order", "answer", "unsubscribed"),
    [
        ("asknicely", ASKNICELY, "ymd", ["asknicely-7", "10", "2026-01-02T00:00:00+00:00"], 1),
        ("customergauge", CUSTOMERGAUGE, "dmy", ["", "8", "2026-01-01T00:00:00+00:00"], 0),
        ("retently", RETENTLY, "ymd", ["retently-abc", "10", "2026-01-01T10:00:00+00:00"], 0),
        ("formbricks", FORMBRICKS, "ymd", ["formbricks-r-1", "9", "2026-01-01T10:00:00+00:00"], 0),
        ("csv", CSV, "mdy", ["", "0", "2026-01-31T00:00:00+00:00"], 0),
    ],
)
def test_the_export_of_each_vendor_is_read_in_its_documented_form(
    vendor: VendorName, content: str, order: str, answer: list[str], unsubscribed: int
) -> None:
    reading, answers, suppressions, _ = moved(vendor, content, order)
    assert [row[:3] for row in answers] == [answer]
    assert len(suppressions) == reading.unsubscribed == unsubscribed


def test_rows_that_cannot_be_read_are_counted_and_named_and_cost_no_other_row() -> None:
    lines = DELIGHTED.splitlines()
    lines[1:1] = ['0,9,"never closed,2026-01-31 23:30:00 UTC,9,bo@example.com,,nps,2026-02-02 09:00:00 UTC']
    reading, answers, suppressions, asked = moved("delighted", "\n".join(lines))
    assert (len(answers), len(suppressions), len(asked)) == (2, 2, 1)
    assert (reading.unreadable, reading.unreadable_rows) == (1, [2])
    remedy = "A quote is not closed. Save the table as CSV once more."
    assert (
        months_in_words(reading.months.items())[-2]
        == f"no date {'none':>18}{'none':>18}  1 cannot be read: {remedy}"
    )


def test_a_cell_with_thousands_of_digits_stops_nothing() -> None:
    digits = "1" * 5_000
    content = f"Email,NPS,Date\nkim@example.com,9,{digits}\nlee@example.com,{digits},2026-01-31\n"
    reading, answers, *_ = moved("csv", content + "ann@example.com,9,2026-01-31\n")
    assert [row[5] for row in answers] == ["ann@example.com"]
    assert reading.months["no date"].reasons == {"without a time that can be read": 1}


def signs_of(content: str) -> ExportSigns:
    table = open_file(io.BytesIO(content.encode()))
    return look_through(table.rows, find_columns("csv", table.names, {}))


def test_how_days_are_written_is_told_by_the_whole_file() -> None:
    days = [f"{month:02}/{day:02}/2026" for month in range(1, 13) for day in range(1, 13) for _ in range(3)]
    content = "Email,NPS,Date\n" + "".join(f"k@example.com,9,{day}\n" for day in days)
    assert signs_of(content).dates.order is None
    assert signs_of(content + "k@example.com,9,12/31/2026\n").dates.order == "mdy"
    assert signs_of(content + "k@example.com,9,31/12/2026\n").dates.order == "dmy"


@pytest.mark.parametrize(
    ("types", "names_kinds"),
    [
        (["Business", "Services", ""], False),
        (["Business", "nps_2026"], True),
        (["CSAT"], True),
        (["Net Promoter Score"], True),
    ],
)
def test_a_column_is_of_kinds_of_questions_only_where_it_names_one(
    types: list[str], names_kinds: bool
) -> None:
    rows = "".join(f"k@example.com,9,2026-01-02,{each}\n" for each in types)
    assert signs_of("Email,NPS,Date,Type\n" + rows).names_kinds is names_kinds


@pytest.mark.parametrize(
    "names",
    [["Email", "NPS", "Rating"], ["Email", "How likely are you to buy again?", "Would you recommend us?"]],
)
def test_of_several_columns_that_may_be_the_score_none_is_chosen(names: list[str]) -> None:
    with pytest.raises(SeveralColumns) as several:
        find_columns("csv", names, {})
    assert several.value.names == names[1:]
    assert find_columns("csv", names, {"score": names[2]}).places["score"] == 2


def test_a_column_that_was_renamed_is_said() -> None:
    content = "What,When,Wer\n9,2026-01-01,kim@example.com\n"
    _, answers, *_ = moved("csv", content, chosen={"score": "What", "answered_at": "When", "email": "Wer"})
    assert answers[0][5] == "kim@example.com"
    with pytest.raises(KeyError):
        find_columns("csv", ["a"], {"score": "b"})


def test_ours_is_what_the_scorer_counts_and_what_it_counts_besides_or_not_yet_is_said() -> None:
    reading, *_ = moved("delighted", DELIGHTED)
    reading.settle({}, {"2026-02": of_scores(9), "2025-12": of_scores(0, 10)})
    lines = months_in_words(reading.months.items())
    assert lines[1] == (
        "2025-12               none          +0.0 n=2  2 counted here, of files that were moved in before"
    )
    assert "+100.0 n=1" in lines[3]
    assert "1 not counted here yet: run the same once more" in lines[3]


def test_one_answer_that_is_missing_and_one_that_is_extra_do_not_cancel_out() -> None:
    for before in ({}, {"2026-02": of_scores(1)}):
        reading, *_ = moved("delighted", DELIGHTED)
        reading.settle({}, {"2026-02": of_scores(1, 9)}, before)
        assert reading.months["2026-02"].reasons["not counted here yet: run the same once more"] == 1
        assert reading.months["2026-02"].reasons["counted here, of files that were moved in before"] == 1


def test_an_answer_that_is_not_counted_is_not_hidden_by_one_of_before_with_its_score() -> None:
    reading, *_ = moved("delighted", DELIGHTED)
    reading.settle({}, {"2026-02": of_scores(3, 9)}, {"2026-02": of_scores(3)})
    month = reading.months["2026-02"]
    assert month.reasons["not counted here yet: run the same once more"] == 1
    assert month.reasons["counted here, of files that were moved in before"] == 1


PHONES = "Score,Created At,Phone Number,Email,Survey Sent At,Unsubscribed At\n"


def test_who_is_known_by_phone_alone_is_not_dropped() -> None:
    rows = (
        "9,2026-01-01 10:00:00,+45 20 12 34 56,,,2026-01-02 10:00:00\n"
        ",,20123457,,2026-01-03 10:00:00,\n"
        ",,,,2026-01-03 10:00:00,\n,,,,,2026-01-03 10:00:00\n"
        ",,12345678,kim@example.com,,2026-01-04 10:00:00\n"
    )
    reading, answers, suppressions, asked = moved("delighted", PHONES + rows)
    assert answers[0][6] == "'+4520123456"
    assert [row[:2] for row in suppressions] == [["", "'+4520123456"], ["kim@example.com", ""]]
    assert asked == [["", "'+4520123457", "", "2026-01-03T10:00:00+00:00"]]
    assert (reading.nobody_asked, reading.nobody_unsubscribed, reading.unsure_numbers) == (1, 1, 1)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "name", ["Phone", "Phone Number", "phone_number", "Mobile", "Person Phone", "Telefon"]
)
def test_the_number_is_found_in_the_export_of_each_vendor(vendor: VendorName, name: str) -> None:
    assert find_columns(vendor, ["Email", name], {}).places["phone"] == 1
