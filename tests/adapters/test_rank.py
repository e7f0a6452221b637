"""Which rank a step draws, and which is kept."""

from __future__ import annotations

from collections import Counter

import pytest

from slava.adapters import RANKS, AdapterSettings, choose_rank, mixture_parameters, rank_for_step
from slava.errors import BadSetting


def test_a_step_draws_the_same_rank_everywhere_and_all_ranks_equally_often() -> None:
    drawn = [rank_for_step(7, step) for step in range(2600)]
    assert drawn == [rank_for_step(7, step) for step in range(2600)]
    counted = Counter(drawn)
    assert sorted(counted) == list(range(4, 17))
    assert min(counted.values()) > 150
    assert max(counted.values()) < 250
    assert drawn != [rank_for_step(8, step) for step in range(2600)]


def test_the_first_draws_stay_what_they_were() -> None:
    """A resumed run must go on as the run that was interrupted would have."""
    assert [rank_for_step(0, step) for step in range(8)] == [13, 7, 15, 5, 4, 7, 7, 10]


def test_ranks_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="low <= high"):
        rank_for_step(0, 0, 8, 4)


def test_the_smallest_rank_near_the_best_is_kept() -> None:
    losses = dict(zip(RANKS, (1.30, 1.05, 1.02, 1.00, 1.01), strict=True))
    assert choose_rank(losses, 0.0) == 12
    assert choose_rank(losses, 0.03) == 8
    assert choose_rank(losses, 1.0) == 4
    assert choose_rank({4: float("nan"), 8: 2.0}, 0.1) == 8


@pytest.mark.parametrize(("losses", "tolerance"), [({4: float("inf")}, 0.1), ({4: 1.0}, -1.0)])
def test_what_leaves_no_choice_is_said(losses: dict[int, float], tolerance: float) -> None:
    with pytest.raises(ValueError, match=r"finite|tolerance"):
        choose_rank(losses, tolerance)


def test_the_count_for_llama_2_7b_is_the_true_one() -> None:
    """Four times LoRA-FA and twice LoRA, where the paper says slightly more."""
    widths = [4096] * 4 * 32
    ours = mixture_parameters(widths, experts=4, rank=16, reads=4)
    lora_fa = sum(16 * width for width in widths)
    assert ours == 33_556_480
    assert ours / lora_fa == pytest.approx(4, rel=1e-3)
    assert ours / (2 * lora_fa) == pytest.approx(2, rel=1e-3)


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "magic"}, {"rank": 0}, {"dropout": 1.0}, {"rank_min": 17}, {"top_k": 1}],
    ids=str,
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        AdapterSettings(**wrong)  # type: ignore[arg-type]
