"""What letters mean, also where their reader has misread them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slava.domain import Box
from slava.imaging.databar.facts import read_facts
from slava.imaging.databar.lengths import parse_length, parse_number, scale_lengths
from slava.imaging.databar.letters import Text

UNITS = {"nm": 1.0, "µm": 1e3, "mm": 1e6}


def lines(*texts: str, high: int = 20) -> list[Text]:
    """Lines far below each other."""
    return [
        Text(t, Box(10, 100 * n, 10 + 11 * len(t), 100 * n + high), 0.97)
        for n, t in enumerate(texts)
    ]


@given(
    number=st.sampled_from([1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 0.5, 2.5]),
    unit=st.sampled_from(sorted(UNITS.keys() - {"mm"})),
    space=st.sampled_from(["", " "]),
    before=st.sampled_from(["", "|", "- ", "—"]),
    after=st.sampled_from(["", "*", ".", " |", "'", " -"]),
)
def test_a_label_is_read_whatever_stands_around_it(
    number: float, unit: str, space: str, before: str, after: str
) -> None:
    found = parse_length(f"{before}{number:g}{space}{unit}{after}")
    assert found is not None
    assert found[0] == f"{number:g} {unit}"
    assert found[1] == pytest.approx(number * UNITS[unit])


@pytest.mark.parametrize(
    "unit", ["um", "μm", "µm", "Hm", "¢m", "ym", "jm", "Lm", "/m", "urn", "Um"]
)
def test_a_misread_micro_is_still_a_micro(unit: str) -> None:
    found = parse_length(f"10{unit}")
    assert found is not None
    assert found[:2] == ("10 µm", 10_000)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,000", 1000.0),
        ("12,500", 12500.0),
        ("1.000", 1.0),
        ("2,5", 2.5),
        ("0,500", 0.5),
        ("5OO", 500.0),
        ("1O", 10.0),
        ("l", 1.0),
        ("1.00", 1.0),
        ("oil", None),
        ("", None),
        ("1.2.3", None),
    ],
)
def test_numbers(text: str, value: float | None) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "ZEISS", "WD", "2021/06/23", "16:38:12", "10 kV", "5 KX", "x200", "10", "nm", "50 %",
     "1/nm", "10 s", "3.2e-5 mbar", "2 nm/px"],
)  # fmt: skip
def test_what_is_no_length(text: str) -> None:
    assert parse_length(text) is None


@given(st.text(max_size=30))
def test_any_text_is_harmless(text: str) -> None:
    found = parse_length(text)
    assert found is None or (found[1] > 0 and 0 < found[2] <= 1)
    read_facts(lines(text))
    scale_lengths(lines(text, text))


def test_number_and_unit_read_apart_belong_together() -> None:
    number = Text("100", Box(50, 50, 83, 70), 0.95)
    unit = Text("nm", Box(89, 50, 111, 70), 0.9)
    far = Text("nm", Box(300, 50, 322, 70), 0.9)
    (found,) = scale_lengths([number, unit, far])
    assert (found.text, found.nm, found.box) == ("100 nm", 100, Box(50, 50, 111, 70))


@pytest.mark.parametrize(
    "named",
    ["WD = 4 mm", "WD 10.5mm", "Aperture Size = 30.00 µm", "Stage at Z = 48.920 mm", "HFW: 5 µm",
     "View field: 9.29 µm", "Pixel size 2 nm"],
)  # fmt: skip
def test_a_length_with_another_name_is_no_label(named: str) -> None:
    assert scale_lengths(lines(named)) == []


def test_a_value_under_its_heading_is_no_label() -> None:
    table = [
        Text("WD", Box(100, 10, 130, 28), 0.99),
        Text("9.7 mm", Box(95, 32, 150, 50), 0.99),
        Text("4 µm", Box(400, 20, 440, 40), 0.97),
    ]
    assert [found.text for found in scale_lengths(table)] == ["4 µm"]


def test_a_label_within_a_longer_line() -> None:
    (found,) = scale_lengths(lines("100µm UMN"))
    assert found.text == "100 µm"
    assert found.box.right < 10 + 11 * 7
    assert found.sure < 1


def test_unusual_labels_are_less_sure() -> None:
    usual, odd = scale_lengths(lines("20 nm", "37 nm"))
    assert odd.sure < 0.8 * usual.sure


def test_facts_of_single_lines() -> None:
    facts = read_facts(
        lines(
            "EHT = 3.00 KV", "WD = 4.1 mm", "Mag = 234.19 K X", "Signal A = InLens", "HFW 9.29 µm"
        )
    )
    said = facts.instrument
    assert said.accelerating_voltage_kv == 3.0
    assert said.working_distance_mm == 4.1
    assert said.magnification == pytest.approx(234_190)
    assert said.detector == "InLens"
    assert facts.field_width_nm == pytest.approx(9290)


def test_facts_of_a_table_of_headings_and_values() -> None:
    names = ["det", "mode", "mag", "dwell", "HV", "WD", "HFW"]
    values = ["ETD", "SE", "35 000 x", "10 µs", "2.00 kV", "9.7 mm", "11.8 µm"]
    table = [
        Text(text, Box(100 * n, row, 100 * n + 60, row + 18), 0.99)
        for row, texts in ((10, names), (32, values))
        for n, text in enumerate(texts)
    ]
    facts = read_facts(table)
    said = facts.instrument
    assert (said.detector, said.magnification) == ("ETD", 35_000)
    assert (said.accelerating_voltage_kv, said.working_distance_mm) == (2.0, 9.7)
    assert facts.field_width_nm == pytest.approx(11_800)


@pytest.mark.parametrize(
    ("line", "kv", "mm", "times"),
    [
        ("TM4000 15kV 7.7mm x200 BSE L 2021/06/23 16:38", 15.0, 7.7, 200.0),
        ("5.0kV X3,500 WD 8.1mm", 5.0, 8.1, 3500.0),
        ("SEM HV: 30.0 kV", 30.0, None, None),
    ],
)
def test_facts_of_one_long_line(
    line: str, kv: float | None, mm: float | None, times: float | None
) -> None:
    said = read_facts(lines(line)).instrument
    assert said.accelerating_voltage_kv == kv
    assert said.working_distance_mm == mm
    assert said.magnification == times


def test_what_is_not_said_stays_unsaid() -> None:
    said = read_facts(
        lines("ZEISS", "Date :18 Jul 2014", "Brightness = 34.5 %", "100 nm")
    ).instrument
    assert said.accelerating_voltage_kv is None
    assert said.working_distance_mm is None
    assert said.magnification is None
    assert said.detector is None
