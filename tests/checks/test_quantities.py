"""Numbers and units are read as people write them, from any text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slava.teacher.checks.numbers import numbers_in
from slava.teacher.checks.quantities import Quantity, quantities_in

UNITS = {
    "nm": ("length", 1.0),
    "µm": ("length", 1e3),
    "μm": ("length", 1e3),
    "um": ("length", 1e3),
    "micrometres": ("length", 1e3),
    "nanometer": ("length", 1.0),
    "microns": ("length", 1e3),
    "Å": ("length", 0.1),
    "mm": ("length", 1e6),
    "pm": ("length", 1e-3),
    "px": ("pixels", 1.0),
    "pixels": ("pixels", 1.0),
    "nm per pixel": ("pixel_size", 1.0),
    "nm/px": ("pixel_size", 1.0),
    "%": ("percent", 1.0),
    "percent": ("percent", 1.0),
    "at%": ("composition", 1.0),
    "kV": ("voltage", 1.0),
    "°": ("angle", 1.0),
    "degrees": ("angle", 1.0),
    "°C": ("other", 1.0),
    "nm²": ("area", 1.0),
}


def one(text: str) -> Quantity:
    found = quantities_in(text)
    assert len(found) == 1, found
    return found[0]


@given(
    st.floats(0.01, 99_999).map(lambda v: float(f"{v:.4g}")),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from([" ", "\u00a0", "\u202f"]),
)
def test_what_is_written_is_read_back(value: float, unit: str, space: str) -> None:
    dimension, factor = UNITS[unit]
    got = one(f"It measures {value}{space}{unit} here.")
    assert got.dimension == dimension
    assert got.low == got.high == pytest.approx(value * factor)


@given(
    st.floats(1, 99_999).map(lambda v: float(f"{v:.3g}")),
    st.floats(0.1, 9).map(lambda v: round(v, 1)),
)
def test_plus_minus_and_ranges_are_read_back(value: float, plus: float) -> None:
    got = one(f"a mean of {value:.10g} ± {plus} nm")
    assert (got.low, got.plus) == (pytest.approx(value), pytest.approx(plus))
    got = one(f"from {value:.10g} to {value + plus:.10g} µm")
    assert (got.low, got.high) == (pytest.approx(1e3 * value), pytest.approx(1e3 * (value + plus)))


@given(st.integers(0, 999))
def test_spelled_out_counts_are_read_back(count: int) -> None:
    from num2words import num2words

    spelled = num2words(count)
    for form in (spelled, spelled.replace("-", " "), spelled.capitalize()):
        assert [n.low for n in numbers_in(f"{form} particles")] == [count]


@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    for quantity in quantities_in(text):
        assert 0 <= quantity.start < quantity.end <= len(text)
        assert quantity.low <= quantity.high or math.isnan(quantity.high)


@given(st.text(alphabet="0123456789.,-–×x^ ⁻⁷e+±%nmµkKXV°", max_size=60))
def test_any_heap_of_digits_is_taken(text: str) -> None:
    assert all(q.low <= q.high for q in quantities_in(text))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0,45 µm", 450, 450),
        ("1,234 nm", 1234, 1234),
        ("10 000 nm", 10_000, 10_000),
        ("4.5 × 10⁻⁷ m", 450, 450),
        ("4.5 x 10^-7 m", 450, 450),
        ("1e3 nm", 1000, 1000),
        ("less than 1 µm", 0, 1000),
        ("at least 1 µm", 1000, math.inf),
        ("sub-100 nm", 0, 100),
        ("between 100 and 200 nm", 100, 200),
        ("100–200 nm", 100, 200),
        ("from 0.1 µm to 200 nm", 100, 200),
        ("a few hundred nanometres", 200, 900),
        ("(452 ± 31) nm", 452, 452),
        ("200-nm", 200, 200),
        ("about 450 nm", 450, 450),
    ],
)
def test_forms_of_a_length(text: str, low: float, high: float) -> None:
    got = one(f"They are {text} across.")
    assert (got.low, got.high, got.dimension) == (pytest.approx(low), pytest.approx(high), "length")


@pytest.mark.parametrize(
    ("text", "value"),
    [("5,000x", 5000), ("×5000", 5000), ("2.43 K X", 2430), ("50 kX", 50_000), ("250 X", 250)],
)
def test_forms_of_a_magnification(text: str, value: float) -> None:
    got = one(f"Taken at {text}.")
    assert (got.low, got.dimension) == (pytest.approx(value), "magnification")


def test_a_size_in_two_directions_has_one_unit() -> None:
    assert [q.low for q in quantities_in("a field of 2.4 × 3.1 µm")] == pytest.approx([2400, 3100])
    assert [q.low for q in quantities_in("of 3 and 5 µm")] == pytest.approx([3000, 5000])


@pytest.mark.parametrize("text", ["TiO2", "C60", "D10", "Figure S1", "one pixel", "hundreds of"])
def test_what_is_no_quantity(text: str) -> None:
    assert quantities_in(text) == []
