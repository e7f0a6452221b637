"""Drawn micrographs: repeatable, and true to what is said of them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label

import slava
from slava.errors import BadSetting
from slava.synthetic import draw_micrograph, sample_micrographs
from slava.synthetic.bodies import Pose, capsule, ellipsoid, place, rod, strand
from slava.synthetic.canvas import Canvas, blur, noise
from slava.synthetic.draw import Drawing
from slava.synthetic.scenes import SCENES
from slava.synthetic.scenes.bodies_on_ground import describe_bodies
from slava.synthetic.scenes.devices import View
from slava.synthetic.scenes.heaps import describe_powder
from slava.synthetic.strip import length_text, nice_length_nm
from slava.synthetic.truth import (
    ARRANGEMENTS,
    CATEGORIES,
    COVERAGES,
    DEFECTS,
    FEATURES,
    MORPHOLOGIES,
    ORIENTATIONS,
    SPREADS,
    TEXTURES,
    coverage_word,
)

SEEDS = st.integers(0, 2**40)


def small(seed: int, category: str | None = None, **options: float) -> Drawing:
    return draw_micrograph(seed, category, width_px=128, height_px=96, **options)


def test_categories_are_those_of_the_pack() -> None:
    pack = Path(slava.__file__).parent / "packs" / "nanomaterials.toml"
    classes = tomllib.loads(pack.read_text(encoding="utf-8"))["classes"]
    assert tuple(c["label"] for c in classes) == CATEGORIES
    assert set(FEATURES) == set(MORPHOLOGIES) == set(SCENES) == set(CATEGORIES)


@pytest.mark.parametrize("category", CATEGORIES)
def test_same_seed_same_micrograph(category: str) -> None:
    one, two = small(3, category), small(3, category)
    assert np.array_equal(one.pixels, two.pixels)
    assert one.truth == two.truth


def test_other_seeds_give_other_micrographs() -> None:
    drawn = [small(seed, "particles").pixels for seed in range(8)]
    assert len({d.tobytes() for d in drawn}) == 8
    flat = np.stack([d.ravel() / 255.0 for d in drawn])
    between = np.asarray(np.corrcoef(flat))[np.triu_indices(8, 1)]
    assert np.abs(between).mean() < 0.5


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_word_is_in_its_vocabulary(category: str) -> None:
    for seed in range(8):
        truth = small(seed, category).truth
        assert truth.category == category
        assert truth.morphology in MORPHOLOGIES[category]
        assert truth.arrangement in ARRANGEMENTS
        assert truth.orientation in ORIENTATIONS
        assert truth.texture in TEXTURES
        assert truth.spread in SPREADS
        assert truth.coverage in COVERAGES
        assert truth.defect in DEFECTS
        assert truth.feature == FEATURES[category]


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_morphology_is_drawn_sooner_or_later(category: str) -> None:
    wanted = set(MORPHOLOGIES[category])
    for seed in range(400):
        drawing = draw_micrograph(seed, category, width_px=64, height_px=64)
        wanted.discard(drawing.truth.morphology)
        if not wanted:
            break
    assert not wanted


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_numbers_are_possible(seed: int) -> None:
    drawing = small(seed)
    truth = drawing.truth
    assert drawing.pixels.shape == (96, 128)
    assert drawing.pixels.dtype == np.uint8
    assert 0 <= truth.coverage_fraction <= 1
    assert 1e-4 < truth.nm_per_px < 1e7
    assert all(
        value is None or (np.isfinite(value) and value > 0)
        for value in (truth.diameter_px, truth.period_px)
    )
    assert truth.count is None or truth.count >= 0
    assert truth.diameter_px is None or truth.diameter_px < 400
    if truth.pore_fraction is not None:
        assert truth.pore_fraction == pytest.approx(1 - truth.coverage_fraction)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_box_of_a_defect_lies_inside_and_around_it(seed: int) -> None:
    drawing = small(seed, defect_share=1.0)
    truth, mask = drawing.truth, drawing.defect_mask
    if truth.defect == "none":
        assert truth.defect_box is None
        assert mask is None
        return
    box = truth.defect_box
    assert box is not None
    assert mask is not None
    assert 0 <= box.left < box.right <= 128
    assert 0 <= box.top < box.bottom <= 96
    outside = mask.copy()
    outside[box.top : box.bottom, box.left : box.right] = False
    assert not outside.any()


def test_without_a_share_there_is_no_defect_and_no_databar() -> None:
    for seed in range(40):
        truth = small(seed, defect_share=0.0, databar_share=0.0).truth
        assert truth.defect == "none"
        assert truth.databar is None


def test_a_defect_changes_the_picture_where_it_lies() -> None:
    contrasts = []
    for seed in range(30):
        drawing = small(seed, "films_and_coated_surfaces", defect_share=1.0, databar_share=0.0)
        mask = drawing.defect_mask
        if mask is None or mask.sum() < 20:
            continue
        levels = drawing.pixels.astype(float)
        contrasts.append(abs(levels[mask].mean() - levels[~mask].mean()) / (levels.std() + 1))
    assert np.median(contrasts) > 0.5


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_a_databar_is_where_it_is_said_to_be(seed: int) -> None:
    drawing = small(seed, databar_share=1.0)
    bar = drawing.truth.databar
    assert bar is not None
    assert 0 <= bar.top < bar.bottom <= 96
    strip = drawing.pixels[bar.top : bar.bottom]
    common = np.bincount(strip.ravel(), minlength=256).max() / strip.size
    assert common > 0.4


def test_isolated_bodies_are_counted_and_measured_as_drawn() -> None:
    canvas = Canvas(200, 150, np.random.default_rng(0))
    for x in (30, 80, 130):
        place(canvas, ellipsoid(), 12.0, Pose(x, 60))
    place(canvas, ellipsoid(), 12.0, Pose(206, 145))  # a quarter in sight: not counted
    sketch = describe_bodies(canvas, "spherical", "isolated", "narrow", "smooth")
    assert sketch.count == 3
    assert sketch.diameter_px == pytest.approx(24, rel=0.03)
    pieces = label(canvas.owner > 0, return_num=True)[1]
    assert pieces == 4


def test_a_hidden_body_is_not_counted() -> None:
    canvas = Canvas(100, 100, np.random.default_rng(0))
    low = place(canvas, ellipsoid(), 10.0, Pose(50, 50))
    high = place(canvas, ellipsoid(), 20.0, Pose(50, 50, 0.0, 5.0))
    assert list(canvas.visible()) == [high]
    assert (canvas.owner == low).sum() == 0


@given(st.floats(3, 20), st.floats(0, 3.1))
@settings(max_examples=25, deadline=None)
def test_a_strand_is_as_wide_as_asked(radius: float, angle: float) -> None:
    canvas = Canvas(160, 160, np.random.default_rng(0))
    way = np.array([np.cos(angle), np.sin(angle)])
    path = np.array([80.37, 80.21]) + np.linspace(-50, 50, 5)[:, None] * way
    strand(canvas, path, radius)
    assert (canvas.owner > 0).sum() / 100 == pytest.approx(2 * radius, abs=1.0)
    assert canvas.height.max() == pytest.approx(radius, rel=0.1)


def test_only_the_strands_in_sight_count_for_the_mean_width_each_by_its_length() -> None:
    canvas = Canvas(200, 200, np.random.default_rng(0))
    assert canvas.mean_width() is None
    strand(canvas, np.array([[20.0, 30.0], [180.0, 30.0]]), 10.0)
    strand(canvas, np.array([[20.0, 80.0], [100.0, 80.0]]), 5.0)
    assert canvas.mean_width() == pytest.approx((2 * 20 + 10) / 3, rel=0.03)
    strand(canvas, np.array([[20.0, 80.0], [180.0, 80.0]]), 10.0, 9.0)
    assert canvas.mean_width() == pytest.approx(20, rel=0.03)
    canvas.forget()
    assert canvas.mean_width() is None
    assert not canvas.owner.any()


def test_a_tapered_strand_is_as_wide_as_it_is_on_average() -> None:
    canvas = Canvas(200, 60, np.random.default_rng(0))
    strand(canvas, np.array([[10.0, 30.0], [190.0, 30.0]]), np.array([12.0, 4.0]))
    assert canvas.mean_width() == pytest.approx(16, rel=0.03)


def test_dust_on_a_powder_is_neither_counted_nor_measured() -> None:
    canvas = Canvas(300, 300, np.random.default_rng(0))
    for x in (60, 150, 240):
        place(canvas, ellipsoid(), 30.0, Pose(x, 150))
    for x in range(20, 280, 20):
        place(canvas, ellipsoid(), 12.0, Pose(x, 40))
    sketch = describe_powder(canvas, "rounded", False, grains=3)
    assert sketch.count == 3
    assert sketch.diameter_px == pytest.approx(60, rel=0.03)


@pytest.mark.parametrize("flat", [True, False])
def test_the_ends_of_a_rod_are_flat_and_those_of_a_capsule_round(flat: bool) -> None:
    canvas = Canvas(160, 80, np.random.default_rng(0))
    place(canvas, rod(3.0) if flat else capsule(3.0), 20.0, Pose(80, 40), 3.2)
    assert bool(canvas.owner[57:, 137:].any()) is flat


def test_a_device_seen_at_a_slant_is_as_wide_as_it_looks() -> None:
    upright, slanted = (
        View(np.diag([100.0, 100.0, 1.0]), (0.0, 0.0)),
        View(np.diag([100.0, 50.0, 1.0]), (0.0, -0.87)),
    )
    assert upright.width(0.2, (0,)) == pytest.approx(20)
    assert slanted.width(0.2, (0,)) == pytest.approx(20)
    assert slanted.width(0.2, (1,)) == pytest.approx(10)
    assert slanted.width(0.2, (0, 1)) == pytest.approx(200**0.5)


def test_coverage_is_that_of_the_drawn_mask() -> None:
    for seed in range(6):
        canvas = Canvas(128, 96, np.random.default_rng(seed))
        sketch = SCENES["porous_sponge"](canvas)
        assert sketch.coverage_fraction == pytest.approx((canvas.owner > 0).mean())
        assert sketch.pore_fraction == pytest.approx((canvas.owner == 0).mean())


def test_features_scale_with_the_picture() -> None:
    ratios = []
    for seed in range(12):
        small_one = draw_micrograph(seed, "patterned_surfaces", width_px=128, height_px=128)
        large_one = draw_micrograph(seed, "patterned_surfaces", width_px=256, height_px=256)
        assert small_one.truth.period_px
        assert large_one.truth.period_px
        ratios.append(large_one.truth.period_px / small_one.truth.period_px)
    assert 1.2 < np.exp(np.mean(np.log(ratios))) < 3.3


def test_samples_are_one_per_category_with_a_databar() -> None:
    samples = sample_micrographs(width_px=160, height_px=120)
    assert [s.truth.category for s in samples] == list(CATEGORIES)
    assert all(s.truth.databar is not None for s in samples)


def test_coverage_words_follow_the_fraction() -> None:
    assert [coverage_word(f) for f in (0.0, 0.19, 0.2, 0.49, 0.5, 1.0)] == [
        "low", "low", "moderate", "moderate", "high", "high",
    ]  # fmt: skip


def test_a_truth_is_plain_data() -> None:
    truth = small(1).truth
    assert asdict(truth)["category"] == truth.category
    assert truth.diameter_px is None or truth.diameter_nm == pytest.approx(
        truth.diameter_px * truth.nm_per_px
    )


def test_an_unknown_category_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        BadSetting, match=re.escape("no category 'glass'; choose one of: biological")
    ):
        draw_micrograph(0, "glass")


def test_a_tiny_picture_is_refused() -> None:
    with pytest.raises(BadSetting, match="32 x 200 px is too small to draw; take 64 or more"):
        draw_micrograph(0, width_px=32, height_px=200)


@given(st.floats(1.2, 60))
@settings(max_examples=20, deadline=None)
def test_noise_is_standardised_and_smoother_for_larger_scales(scale: float) -> None:
    rough = noise(np.random.default_rng(1), (120, 150), scale)
    assert rough.std() == pytest.approx(1, rel=1e-3)
    smooth = blur(rough, 4.0)
    assert np.abs(np.diff(smooth)).mean() < np.abs(np.diff(rough)).mean()


@given(st.floats(1, 1e7))
def test_scale_bars_have_round_lengths(target_nm: float) -> None:
    nice = nice_length_nm(target_nm)
    assert nice <= target_nm * 1.001
    assert nice > target_nm / 2.6
    assert f"{nice:.0e}"[0] in "125"
    assert re.fullmatch(r"[\d.]+ (nm|µm|mm)", length_text(nice))
