"""Config, examples, batches and pace: what needs no torch."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from slava.errors import BadSetting
from slava.retrieval.showing import question_for
from tests.training.steel import SIGNS, Workspace
from training.finetune.batches import Course, pieces
from training.finetune.config import PRESETS, TrainConfig, config_from, make_config
from training.finetune.examples import both, draw, make_examples, plain
from training.finetune.schedule import Pace


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("backbone", ["builtin", "owner/name"])
def test_a_config_survives_its_file(preset: str, backbone: str) -> None:
    config = make_config(backbone, preset, seed=3)  # type: ignore[arg-type]
    assert config_from(config.to_json()) == config


def test_presets_are_those_of_the_papers() -> None:
    paper, careful = make_config(preset="paper"), make_config("a/b", preset="careful")
    assert (paper.batch, paper.learning_rate, paper.schedule) == (32, 1e-3, "plateau")
    assert (paper.plateau_epochs, paper.epochs) == (5, 50)
    assert (careful.learning_rate, careful.schedule, careful.epochs) == (1e-5, "cosine", 28)


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch": 0},
        {"learning_rate": float("nan")},
        {"epochs": "many"},
        {"method": "dora"},
        {"rank": 2},
        {"colour": "blue"},
        {"preset": "lucky"},
        {"context": "all"},
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSetting) as error:
        config_from({**wrong})
    assert next(iter(wrong)).split("_")[0] in str(error.value)


def test_every_example_comes_once_per_epoch_and_alike_lengths_together() -> None:
    lengths = tuple((k * 37) % 101 for k in range(101))
    course = Course(lengths, batch=8, seed=1)
    assert course.per_epoch == 13
    for epoch in (0, 1):
        rows = [course.rows(epoch * 13 + k) for k in range(13)]
        assert Counter(r for row in rows for r in row) == Counter(range(101))
        spread = [max(lengths[r] for r in row) - min(lengths[r] for r in row) for row in rows]
        assert sum(spread) / len(spread) < 40
    assert course.rows(0) == Course(lengths, batch=8, seed=1).rows(0)
    assert course.rows(0) != Course(lengths, batch=8, seed=2).rows(0)
    assert pieces((1, 2, 3, 4, 5), 2) == [(1, 2), (3, 4), (5,)]


def test_what_a_step_draws_depends_on_seed_and_step_alone(workspace: Workspace) -> None:
    examples = make_examples(workspace.content)
    pair = next(e for e in examples.part("train") if e.kind == "vqa")
    drawn = [draw(pair, examples, 0, step, 0.0) for step in range(200)]
    assert drawn == [draw(pair, examples, 0, step, 0.0) for step in range(200)]
    long = [d for d in drawn if d.detailed]
    assert 70 < len(long) < 130
    assert all(d.answer == pair.detailed and d.question.endswith(".") for d in long)
    assert {d.question for d in drawn if not d.detailed} == set(pair.wordings)
    assert [d.detailed for d in both(pair)] == [False, True]


def test_labelled_micrographs_are_asked_as_the_classify_tab_asks(workspace: Workspace) -> None:
    examples = make_examples(workspace.content)
    labels = tuple(sorted(list(SIGNS)[:3]))
    assert examples.labels == labels
    asked = next(e for e in examples.part("train") if e.kind == "label")
    assert plain(asked).question == question_for(labels)
    shots = [draw(asked, examples, 0, step, 1.0).demonstrations for step in range(50)]
    assert all(1 <= len(shot) <= 3 for shot in shots)
    learnt = {i for ids in examples.shown.values() for i in ids}
    assert all(i in learnt and i not in asked.micrograph_ids for shot in shots for i, _ in shot)
    assert not make_examples(workspace.content, classification=False).labels or all(
        e.kind != "label"
        for e in make_examples(workspace.content, classification=False).part("train")
    )


def test_plateau_halves_and_patience_ends() -> None:
    pace = Pace(1.0, "plateau", 100, 0, plateau=2, patience=5)
    assert pace.judge(1.0, 1)
    assert [pace.judge(1.0, k) for k in range(4)] == [False] * 4
    assert pace.at(10) == 0.25
    assert not pace.exhausted
    pace.judge(1.0, 9)
    assert pace.exhausted
    again = Pace(1.0, "plateau", 100, 0, plateau=2, patience=5)
    again.restore(pace.state())
    assert again == pace


def test_cosine_warms_up_and_falls() -> None:
    pace = Pace(1.0, "cosine", 100, 10, plateau=5, patience=None)
    rates = [pace.at(k) for k in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[10] == 1.0
    assert rates[-1] < 0.03
    assert not pace.exhausted


def test_the_config_needs_no_torch() -> None:
    code = (
        "import sys, training.finetune.config, training.finetune.examples, "
        "training.finetune.batches, training.finetune.schedule; "
        "sys.exit('torch' in sys.modules or 'peft' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert isinstance(make_config(), TrainConfig)
