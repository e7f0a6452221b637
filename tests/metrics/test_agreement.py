"""Cohen's kappa against tables worked out by hand."""

from __future__ import annotations

import pytest

from slava.metrics.agreement import cohens_kappa, observed_agreement


def judged(table: dict[tuple[str, str], int]) -> tuple[list[str], list[str]]:
    """What both said, from how often each two verdicts met."""
    both = [pair for pair, count in table.items() for _ in range(count)]
    return [a for a, _ in both], [b for _, b in both]


def test_kappa_of_a_table_worked_out_by_hand() -> None:
    # 50 pairs: p_o = 35/50 = 0.7; p_e = (25*30 + 25*20) / 2500 = 0.5; kappa = 0.2 / 0.5.
    table = {("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}
    first, second = judged(table)
    assert observed_agreement(first, second) == pytest.approx(0.7)
    assert cohens_kappa(first, second) == pytest.approx(0.4)


def test_kappa_of_three_categories() -> None:
    # 10 things: p_o = 6/10; shares 5,3,2 and 4,4,2: p_e = (20 + 12 + 4) / 100 = 0.36.
    table = {
        ("a", "a"): 3,
        ("a", "b"): 1,
        ("a", "c"): 1,
        ("b", "a"): 1,
        ("b", "b"): 2,
        ("c", "c"): 1,
        ("c", "b"): 1,
    }
    assert cohens_kappa(*judged(table)) == pytest.approx(0.24 / 0.64)


def test_the_ends_of_the_scale() -> None:
    assert cohens_kappa("yynn", "yynn") == pytest.approx(1)
    assert cohens_kappa("yynn", "nnyy") == pytest.approx(-1)
    assert cohens_kappa("yynn", "ynyn") == pytest.approx(0)


def test_kappa_is_not_defined_where_chance_explains_everything() -> None:
    assert cohens_kappa("yyy", "yyy") is None
    assert cohens_kappa("", "") is None


def test_of_two_lengths_nothing_is_said() -> None:
    with pytest.raises(ValueError, match="zip"):
        cohens_kappa("yy", "y")
    with pytest.raises(ValueError, match="nothing"):
        observed_agreement("", "")
