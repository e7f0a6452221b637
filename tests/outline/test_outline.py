"""Outlines by the network: shapes, what is hidden, and what drawings with known objects give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slava.errors import BadSetting
from slava.imaging.outline import find, join_pieces, outline_objects, without_scraps
from training.outline.evaluate import evaluate_outlines, match
from training.outline.network import STRIDE, OutlineNet, export_network
from training.outline.scenes import depth_of, draw_outlined, whole_pieces
from training.outline.train import OutlineConfig, train_outline


def discs(side: int, radius: float, middles: list[tuple[int, int]]) -> np.ndarray:
    """Bright discs on a noisy dark ground, uint8."""
    y, x = np.mgrid[:side, :side]
    grey = np.random.default_rng(0).normal(60, 6, (side, side))
    for row, column in middles:
        distance = np.hypot(y - row, x - column)
        grey += np.clip(radius - distance, 0, 1) * (90 + 0.5 * np.clip(radius - distance, 0, None))
    return np.clip(grey, 0, 255).astype(np.uint8)


GRID = [(y, x) for y in range(60, 512, 100) for x in range(60, 512, 100)]


def test_the_network_keeps_the_size_of_its_input() -> None:
    import torch

    assert find.STRIDE == STRIDE
    said = OutlineNet().eval()(torch.zeros(1, 1, 2 * STRIDE, 3 * STRIDE))
    assert said.shape == (1, 2, 2 * STRIDE, 3 * STRIDE)


@pytest.mark.parametrize("side", [512, 700])
def test_separate_discs_are_found_each_with_its_size(side: int) -> None:
    middles = [(round(y * side / 512), round(x * side / 512)) for y, x in GRID]
    radius = 22.0 * side / 512
    labels, _ = outline_objects(discs(side, radius, middles))
    assert labels.shape == (side, side)
    areas = np.bincount(labels.ravel())[1:]
    assert len(areas) == len(GRID)
    diameters = 2 * np.sqrt(areas / np.pi)
    assert diameters.mean() == pytest.approx(2 * radius, rel=0.06)


def test_touching_discs_are_two() -> None:
    labels, _ = outline_objects(discs(512, 30, [(256, 216), (256, 274), (100, 100), (400, 420)]))
    assert labels.max() == 4
    assert labels[256, 210] != labels[256, 280]


def test_depth_of_grey_values_changes_nothing() -> None:
    grey = discs(512, 22, GRID)
    wide = grey.astype(np.uint16) * 257
    assert np.array_equal(outline_objects(grey)[0], outline_objects(wide)[0])


def test_a_flat_picture_has_no_objects() -> None:
    assert not outline_objects(np.full((300, 400), 128, np.uint8))[0].any()


def test_pieces_of_one_object_become_objects_and_scraps_ground() -> None:
    owner = np.zeros((40, 40), np.int32)
    owner[2:12, 2:12] = 7
    owner[20:30, 2:12] = 7
    owner[35, 35] = 3
    pieces = whole_pieces(owner)
    assert sorted(np.unique(pieces)) == [0, 1, 2]


def test_depth_is_one_in_the_middle_of_every_object_and_zero_outside() -> None:
    objects = draw_outlined(3).objects
    depth = depth_of(objects)
    assert depth.shape == objects.shape
    assert (depth[objects == 0] == 0).all()
    for number in np.unique(objects)[1:]:
        assert depth[objects == number].max() == pytest.approx(1.0)


def test_drawings_are_the_same_for_the_same_seed() -> None:
    first, second = draw_outlined(11), draw_outlined(11)
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.objects, second.objects)


def test_match_counts_hits_and_misses() -> None:
    truth = np.zeros((30, 30), np.int32)
    truth[2:10, 2:10], truth[15:25, 15:25] = 1, 2
    found = np.where(truth == 2, 1, 0).astype(np.int32)
    assert match(truth, truth) == (1.0, 0.0)
    assert match(found, truth)[0] == pytest.approx(2 / 3)
    assert match(np.zeros_like(truth), truth)[0] == 0.0


@pytest.mark.slow
def test_the_shipped_weights_outline_drawings_they_never_saw() -> None:
    assert evaluate_outlines(12)["object_f1"] > 0.45


def test_a_training_writes_weights_that_load(tmp_path: Path) -> None:
    config = OutlineConfig(
        tmp_path / "o.safetensors", tmp_path, drawings=4, steps=2, batch=2, processes=1
    )
    from safetensors.torch import load_file

    weights = load_file(train_outline(config, lambda _: None))
    missing = OutlineNet().load_state_dict(weights, strict=False)
    assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys)


def test_the_written_network_says_what_the_trained_one_says(tmp_path: Path) -> None:
    import onnxruntime
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    network = OutlineNet().eval()
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    file = export_network(tmp_path / "w.safetensors", tmp_path / "w.onnx")
    grey = torch.randn(1, 1, 2 * STRIDE, 5 * STRIDE)
    (said,) = onnxruntime.InferenceSession(file).run(None, {"grey": grey.numpy()})
    with torch.inference_mode():
        assert np.allclose(said, network(grey).numpy(), atol=1e-4)


def test_fewer_drawings_than_a_batch_are_refused(tmp_path: Path) -> None:
    config = OutlineConfig(tmp_path / "o.safetensors", tmp_path, drawings=2, steps=1, processes=1)
    with pytest.raises(BadSetting, match="fewer than one batch"):
        train_outline(config, lambda _: None)


def bar(labels: np.ndarray, number: int, rows: slice, columns: slice) -> None:
    labels[rows, columns] = number


def test_pieces_that_go_on_behind_what_crosses_them_are_one() -> None:
    labels = np.zeros((200, 200), np.int32)
    bar(labels, 1, slice(90, 110), slice(None))
    bar(labels, 2, slice(0, 90), slice(60, 75))
    bar(labels, 3, slice(110, 200), slice(60, 75))
    joined = join_pieces(labels)
    assert joined.max() == 2
    assert joined[10, 65] == joined[190, 65] != joined[100, 100]


@pytest.mark.parametrize("columns", [slice(95, 110), slice(60, 110)])
def test_pieces_aside_of_each_other_or_of_other_widths_stay_two(columns: slice) -> None:
    labels = np.zeros((200, 200), np.int32)
    bar(labels, 1, slice(90, 110), slice(None))
    bar(labels, 2, slice(0, 90), slice(60, 75))
    bar(labels, 3, slice(110, 200), columns)
    assert join_pieces(labels).max() == 3


def test_ends_that_face_each_other_over_open_ground_stay_two() -> None:
    labels = np.zeros((200, 200), np.int32)
    bar(labels, 1, slice(0, 90), slice(60, 75))
    bar(labels, 2, slice(125, 200), slice(60, 75))
    assert join_pieces(labels).max() == 2


def test_scraps_are_left_out() -> None:
    labels = np.zeros((100, 100), np.int32)
    bar(labels, 1, slice(0, 100), slice(0, 20))
    bar(labels, 2, slice(50, 55), slice(50, 60))
    bar(labels, 3, slice(0, 50), slice(80, 90))
    kept = without_scraps(labels)
    assert kept.max() == 2
    assert kept[52, 55] == 0
    assert not without_scraps(np.zeros((9, 9), np.int32)).any()


def test_fibres_are_outlined_each_for_itself() -> None:
    y, x = np.mgrid[:300, :400]
    across = (x % 100 - 50) / 25
    grey = np.where(np.abs(across) < 1, 130 + 80 * np.sqrt(np.clip(1 - across**2, 0, 1)), 40)
    pieces, sureness = outline_objects((grey + 0 * y).astype(np.uint8), "fibres")
    assert without_scraps(join_pieces(pieces)).max() == 4
    assert sureness > 0.5
