"""What a person may change changes what is measured; what is taken away is what was measured."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image

from slava.domain import Box, Measurement, MeasureSettings
from slava.imaging.measure import measure_micrograph, measure_prepared, prepare, to_record
from slava.imaging.measure.export import label_image, overlay, table
from slava.imaging.measure.shapes import describe
from tests.measure.drawings import as_bytes, blurred, coverage, discs, noisy, whole

DISCS = [(60, 60), (160, 60), (260, 60), (60, 170), (160, 170), (260, 170)]
RADII = [10.0, 14.0, 18.0, 22.0, 26.0, 30.0]


@pytest.fixture
def pixels():
    return as_bytes(blurred(discs((240, 320), DISCS, RADII), 1))


def measured(pixels, settings=None, *, kind="particles", marks=None, nm_per_px=None) -> Measurement:
    return measure_micrograph(
        pixels,
        picture=whole(pixels),
        nm_per_px=nm_per_px,
        kind=kind,
        settings=settings,
        marks=marks,
    )


def test_what_was_chosen_is_told_and_gives_the_same_again(pixels):
    first = measured(pixels)
    assert first.used.polarity == "bright"
    assert 60 < first.used.threshold < 200  # grey values of the file
    again = measured(pixels, replace(first.used, region=None))
    assert again.mean_size_px == first.mean_size_px
    assert np.array_equal(again.labels, first.labels)


def test_a_higher_threshold_gives_smaller_objects(pixels):
    sizes = [measured(pixels, MeasureSettings(threshold=t)).mean_size_px for t in (80, 128, 180)]
    assert sizes[0] > sizes[1] > sizes[2]


def test_a_least_size_leaves_out_what_is_smaller(pixels):
    assert measured(pixels, MeasureSettings(min_size_px=40)).count == 3
    assert measured(pixels, MeasureSettings(min_size_px=5)).count == 6


def test_the_polarity_can_be_turned_round(pixels):
    result = measured(pixels, MeasureSettings(polarity="dark"))
    assert result.used.polarity == "dark"
    assert result.labels[60, 60] == 0 != result.labels[5, 5]


def test_excluded_objects_are_gone_wherever_they_are_pointed_at(pixels):
    result = measured(pixels, MeasureSettings(excluded=((262.5, 175.0), (5.0, 5.0))))
    assert result.count == 5
    assert result.labels[170, 260] == 0
    assert [o.id for o in result.objects] == [1, 2, 3, 4, 5]
    assert max(o.size_px for o in result.objects) == pytest.approx(52, rel=0.03)


def test_only_the_region_is_measured(pixels):
    result = measured(pixels, MeasureSettings(region=Box(0, 115, 320, 240)))
    assert result.count == 3
    assert not result.labels[:115].any()
    assert result.objects[0].box.top > 115
    assert result.used.region == Box(0, 115, 320, 240)


def test_steps_are_kept_from_one_setting_to_the_next(pixels):
    prepared = prepare(pixels, picture=whole(pixels))
    foreground = prepared.foreground
    for least in (5.0, 40.0):
        wanted = MeasureSettings(min_size_px=least)
        kept = measure_prepared(prepared, nm_per_px=None, kind="particles", settings=wanted)
        assert kept.count == measured(pixels, wanted).count
    assert prepared.foreground is foreground


def test_burnt_in_letters_are_not_measured(pixels):
    marks = np.zeros(pixels.shape, bool)
    marks[205:235, 4:120] = True
    lettered = pixels.copy()
    lettered[205:235, 4:120] = 255
    assert measured(lettered).count != 6
    result = measured(lettered, marks=marks)
    assert result.count == 6
    assert result.mean_size_px == pytest.approx(measured(pixels).mean_size_px, rel=0.02)


@pytest.mark.parametrize("kind", ["fibres", "pores", "pattern", "grains"])
def test_marks_and_settings_serve_every_kind(kind, pixels):
    marks = np.zeros(pixels.shape, bool)
    marks[:20] = True
    settings = MeasureSettings(min_size_px=30, excluded=((60, 60),), region=Box(0, 0, 300, 240))
    result = measured(pixels, settings, kind=kind, marks=marks)
    assert result.kind == kind
    assert result.used.region == Box(0, 0, 300, 240)
    assert all(one.size_px >= 30 for one in result.objects)


def test_touching_and_overlapping_discs_are_parted_and_textured_ones_stay_whole():
    row = [(60 + 34 * i, 100) for i in range(5)]
    touching = as_bytes(noisy(blurred(discs((200, 300), row, [18.0] * 5), 1), 0.02))
    assert measured(touching).count == 5
    y, x = np.mgrid[:300, :400]
    grainy = 0.6 + 0.25 * np.sin(x / 3) * np.sin(y / 3)
    body = coverage(np.hypot(x - 200, y - 150) - 90)
    textured = as_bytes(noisy(0.15 + (grainy - 0.15) * body, 0.02))
    assert measured(textured).count == 1


def test_shapes_of_a_rectangle_are_exact():
    labels = np.zeros((60, 80), np.int32)
    labels[10:30, 5:65] = 1
    labels[40:41, 70:71] = 2
    shapes = describe(labels, labels.astype(float))
    assert shapes.area.tolist() == [1200, 1]
    assert shapes.feret[0] == pytest.approx(np.hypot(60, 20))
    assert shapes.feret_min[0] == pytest.approx(20)
    assert shapes.solidity.tolist() == [1, 1]
    assert shapes.aspect_ratio[0] == pytest.approx(3)
    assert shapes.angle_deg[0] == pytest.approx(0)
    assert shapes.box.tolist() == [[5, 10, 65, 30], [70, 40, 71, 41]]
    assert shapes.mean_grey.tolist() == [1, 2]


@pytest.mark.parametrize("angle", [20, 115])
def test_the_long_axis_points_where_it_is_seen_to(angle):
    turn = np.radians(angle)
    y, x = np.mgrid[:200, :200] - 100.0
    along, across = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    labels = ((along / 60) ** 2 + (across / 20) ** 2 < 1).astype(np.int32)
    assert describe(labels, labels).angle_deg[0] == pytest.approx(angle, abs=1)


def test_the_table_has_fijis_columns_in_the_unit_it_names(pixels):
    result = measured(pixels)
    for nm_per_px, unit, factor in ((None, "px", 1.0), (5.0, "nm", 5.0)):
        rows = list(csv.DictReader(io.StringIO(table(result, nm_per_px))))
        assert len(rows) == 6
        fiji = {"Area", "Mean", "Perim.", "Circ.", "Feret", "AR", "Round", "Solidity"}
        assert fiji <= set(rows[0])
        largest = max(rows, key=lambda row: float(row["Area"]))
        assert largest["Unit"] == unit
        assert float(largest["Area"]) == pytest.approx(np.pi * 30**2 * factor**2, rel=0.05)
        assert float(largest["Perim."]) == pytest.approx(2 * np.pi * 30 * factor, rel=0.05)
        assert float(largest["Mean"]) == pytest.approx(200, abs=10)


def test_the_label_image_is_the_files_own_shape_and_holds_every_object(pixels):
    result = measured(pixels)
    read = tifffile.imread(io.BytesIO(label_image(result.labels, pixels.shape)))
    assert read.dtype == np.uint16
    assert np.array_equal(read, result.labels)
    assert not tifffile.imread(io.BytesIO(label_image(None, (30, 40)))).any()


def test_the_overlay_colours_outlines_only(pixels):
    result = measured(pixels)
    drawn = np.asarray(Image.open(io.BytesIO(overlay(pixels, result, whole(pixels)))))
    assert drawn.shape == (*pixels.shape, 3)
    coloured = (drawn[..., 0] != drawn[..., 2]) & (result.labels > 0)
    per_object = np.bincount(result.labels[coloured], minlength=7)[1:]
    assert per_object == pytest.approx([o.perimeter_px for o in result.objects], rel=0.2)
    assert not (drawn[..., 0] != drawn[..., 2])[result.labels == 0].any()


def test_the_record_gives_sizes_in_nm_only_with_a_pixel_size(pixels):
    result = measured(pixels, nm_per_px=2.0)
    plain, sized = to_record(result), to_record(result, 2.0)
    lengths = ("median_size", "std_size", "d10", "d50", "d90")
    assert all(plain[f"{name}_nm"] is None for name in lengths)
    assert all(sized[f"{name}_nm"] == 2 * sized[f"{name}_px"] for name in lengths)
    assert sized["d10_px"] < sized["median_size_px"] == sized["d50_px"] < sized["d90_px"]
    assert len(sized["objects"]) == sized["count"] == 6
    assert sized["objects"][0]["size_nm"] == pytest.approx(2 * result.objects[0].size_px)
    assert sized["parameters"]["threshold"] == result.used.threshold
