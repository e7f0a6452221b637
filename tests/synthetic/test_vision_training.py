"""From drawings to a trained vision encoder, in miniature."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: TID253

from slava.errors import BadSetting
from slava.synthetic import draw_micrograph
from slava.synthetic.truth import CATEGORIES, DEFECTS
from slava.vlm.slava_model.vision import (
    VisionConfig,
    VisionEncoder,
    VisionHeads,
    pooled,
)
from training.builtin.augment import augment
from training.builtin.dataset import (
    REGRESSIONS,
    VOCABULARIES,
    Dataset,
    DatasetConfig,
    build_dataset,
    label_row,
    number_row,
)
from training.builtin.vision import TrainVisionConfig, train_vision
from training.builtin.vision_figures import balanced_accuracy, class_distances
from training.builtin.vision_model import VisionModel, load_vision

SMALL = VisionConfig(size_px=64, width=32, depth=1, heads=2, stem_widths=(8, 16))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("drawn") / "set"
    return build_dataset(folder, DatasetConfig(count=40, size_px=64, first_seed=7, processes=1))


def test_labels_say_the_truth_in_words() -> None:
    for seed in range(20):
        truth = draw_micrograph(seed, width_px=64, height_px=64).truth
        row = dict(zip(VOCABULARIES, label_row(truth), strict=True))
        assert VOCABULARIES["category"][row["category"]] == truth.category
        assert VOCABULARIES["morphology"][row["morphology"]] == truth.morphology
        assert DEFECTS[row["defect"]] == truth.defect
        assert bool(row["blurred"]) == truth.blurred


def test_numbers_are_logarithms_of_shares() -> None:
    truth = draw_micrograph(4, "patterned_surfaces", width_px=64, height_px=64).truth
    row = dict(zip(REGRESSIONS, number_row(truth, 64), strict=True))
    assert truth.period_px
    assert np.exp(row["log_period"]) * 64 == pytest.approx(truth.period_px)
    assert row["coverage"] == truth.coverage_fraction
    assert np.isnan(row["pore_fraction"])


def test_rows_are_the_drawings_of_their_seeds(drawn: Dataset) -> None:
    again = draw_micrograph(7 + 5, CATEGORIES[(7 + 5) % 10], width_px=64, height_px=64)
    assert np.array_equal(drawn.pixels[5], again.pixels)
    assert drawn.labels[5].tolist() == label_row(again.truth)
    faulty = drawn.labels[:, list(VOCABULARIES).index("defect")] > 0
    assert ((drawn.masks.max((1, 2)) > 0) == faulty).all()


def test_a_drawn_set_is_found_again(drawn: Dataset, tmp_path: Path) -> None:
    config = DatasetConfig(count=4, size_px=64, processes=1)
    build_dataset(tmp_path, config)
    before = (tmp_path / "pixels.npy").stat().st_mtime_ns
    build_dataset(tmp_path, config)
    assert (tmp_path / "pixels.npy").stat().st_mtime_ns == before
    assert len(build_dataset(tmp_path, DatasetConfig(count=5, size_px=64, processes=1))) == 5


def test_masks_follow_their_pictures() -> None:
    pixels = torch.zeros(64, 64, 64, dtype=torch.uint8)
    masks = torch.zeros(64, 32, 32, dtype=torch.uint8)
    pixels[:, 10:26, 30:46] = 255
    masks[:, 5:13, 15:23] = 255
    batch = augment(pixels, masks, 64, torch.Generator().manual_seed(0))
    small = torch.nn.functional.avg_pool2d(batch.pixels, 2).flatten(1)
    mask = batch.masks.flatten(1)
    seen = (mask.std(1) > 0.05) & (small.std(1) > 0.05)
    both = [
        torch.corrcoef(torch.stack(p))[0, 1].abs()
        for p in zip(small[seen], mask[seen], strict=True)
    ]
    assert len(both) > 40
    assert float(torch.stack(both).median()) > 0.8
    assert (batch.zoom[batch.whole] == 1).all()
    assert (batch.zoom[~batch.whole] >= 0.99).all()


def test_tokens_have_the_promised_shape_at_any_size() -> None:
    encoder = VisionEncoder(SMALL).eval()
    for size in (64, 96):
        tokens = encoder(torch.zeros(2, 1, size, size))
        assert tokens.shape == (2, 1 + (size // 16) ** 2, 32)
    said = VisionHeads(32, {"category": 10, "defect": 5}, 5)(tokens)
    assert said["category"].shape == (2, 10)
    assert said["defect"].shape == (2, 5)
    assert said["defect_map"].shape == (2, 36, 5)
    assert said["numbers"].shape == (2, 5)
    assert pooled(tokens).shape == (2, 64)


def test_fewer_drawings_than_a_batch_are_refused(tmp_path: Path) -> None:
    build_dataset(tmp_path / "set", DatasetConfig(count=4, size_px=64, first_seed=7, processes=1))
    folder = tmp_path / "set"
    told = TrainVisionConfig((folder,), folder, tmp_path / "v.safetensors", batch=8, model=SMALL)
    with pytest.raises(BadSetting, match="4 drawings are fewer than one batch of 8"):
        train_vision(told)


def test_training_writes_what_it_says(drawn: Dataset, tmp_path: Path) -> None:
    build_dataset(tmp_path / "set", DatasetConfig(count=40, size_px=64, first_seed=7, processes=1))
    results = [
        train_vision(
            TrainVisionConfig(
                folders=(tmp_path / "set",),
                held_out=tmp_path / "set",
                output=tmp_path / name / "vision.safetensors",
                steps=6,
                batch=8,
                sizes=((0.0, 64),),
                model=SMALL,
            ),
            progress=lambda line: None,
        )
        for name in ("one", "two")
    ]
    assert results[0].figures == results[1].figures
    told = json.loads(results[0].weights.with_suffix(".json").read_text(encoding="utf-8"))
    assert told["vocabularies"]["category"] == list(CATEGORIES)
    model = VisionModel(SMALL)
    statistics = load_vision(model, results[0].weights)
    assert statistics["class_means"].shape == (10, 64)
    assert 0 < told["calibration"]["defect_threshold"] < 1
    assert 0.3 < told["calibration"]["temperature"] < 5


def test_distance_is_zero_at_the_mean_and_grows_away_from_it() -> None:
    means, precision = torch.eye(3), torch.eye(3) * 4
    distances = class_distances(torch.eye(3), means, precision)
    assert torch.allclose(distances.diagonal(), torch.zeros(3), atol=1e-5)
    assert torch.allclose(distances[0, 1], torch.tensor(8.0).sqrt())


def test_balanced_accuracy_ignores_how_rare_a_defect_is() -> None:
    truth = torch.tensor([True] + [False] * 9)
    assert balanced_accuracy(torch.zeros(10, dtype=torch.bool), truth) == pytest.approx(0.5)
    assert balanced_accuracy(truth, truth) == 1.0
