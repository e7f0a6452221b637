"""What other rooms get: JSON, the facts panel's list, outlines."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from slava.domain import Box, Calibration, Databar, Instrument, Micrograph, MicrographId
from slava.imaging.measure import facts_of, measure_micrograph, outlines, to_record
from tests.measure.drawings import as_bytes, discs, grid_of_discs, whole

INSTRUMENT = Instrument("Acme", "X1", "SE2", 1000.0, 5.0, 4.2, "SEM")


def micrograph(calibration: Calibration | None) -> Micrograph:
    return Micrograph(
        MicrographId("0" * 64), "a.tif", "TIFF", 400, 330, 8, 132_000,
        calibration, INSTRUMENT, Databar(300, 330),
    )  # fmt: skip


@pytest.fixture(scope="module")
def measurement():
    pixels = as_bytes(grid_of_discs((300, 400), 60, 16)[0])
    return measure_micrograph(pixels, picture=whole(pixels), nm_per_px=5.0, kind="particles")


def test_the_record_is_json_with_the_promised_keys(measurement):
    record = json.loads(json.dumps(to_record(measurement), allow_nan=False))
    assert record["kind"] == "particles"
    assert record["mean_size_nm"] == pytest.approx(160, rel=0.03)
    assert record["mean_size_nm"] == pytest.approx(5 * record["mean_size_px"])
    keys = {"name", "label", "value", "unit", "uncertainty", "method", "parameters"}
    assert all(set(f) == keys for f in record["facts"])


def test_facts_say_the_file_first_then_the_objects_then_the_quality(measurement):
    facts = facts_of(micrograph(Calibration(5.0, "metadata", "Scan.PixelWidth")), measurement)
    names = [f.name for f in facts]
    assert names[:8] == [
        "field_width", "field_height", "pixel_size", "magnification",
        "accelerating_voltage", "working_distance", "detector", "instrument",
    ]  # fmt: skip
    assert names[8] == "particle_count"
    assert names[-1].startswith("quality_")
    assert len(set(names)) == len(names)
    texts = {f.name: f.text for f in facts}
    assert texts["field_width"] == "2 µm"
    assert texts["field_height"] == "1.5 µm"
    assert texts["accelerating_voltage"] == "5 kV"
    assert next(f for f in facts if f.name == "pixel_size").method == "metadata (Scan.PixelWidth)"


def test_without_a_calibration_the_field_is_in_pixels():
    facts = {f.name: f for f in facts_of(micrograph(None), None)}
    assert facts["field_width"].text == "400 px"
    assert "pixel_size" not in facts
    assert not {f.unit for f in facts.values()} & {"nm", "µm"}


def test_outlines_enclose_their_objects():
    pixels = as_bytes(discs((120, 200), [(50, 60), (140.5, 40)], [20, 30]))
    result = measure_micrograph(
        pixels, picture=Box(0, 0, 200, 120), nm_per_px=None, kind="particles"
    )
    first, second = sorted(outlines(result.labels), key=lambda o: o["ecd_px"])
    assert first["ecd_px"] == pytest.approx(40, rel=0.04)
    assert second["circ"] > 0.9
    for found, (x, y, r) in ((first, (50, 60, 20)), (second, (140.5, 40, 30))):
        assert found["id"] == result.labels[int(y), int(x)]
        assert found["bbox"] == pytest.approx([x - r, y - r, x + r, y + r], abs=1.6)
        points = np.array(found["pts"]).reshape(-1, 2)
        # pixel (x, y) covers x..x+1, so a disc about pixel centre x lies about x + 0.5
        distances = np.hypot(*(points - (x + 0.5, y + 0.5)).T)
        assert distances == pytest.approx(r, abs=1.6)
        assert 8 <= len(points) <= 80


def test_the_largest_objects_are_outlined_when_there_are_too_many():
    labels = np.zeros((90, 90), np.int32)
    for i in range(9):
        labels[10 * i : 10 * i + i + 1, : i + 1] = i + 1
    kept = outlines(labels, most=4)
    assert [o["id"] for o in kept] == [6, 7, 8, 9]
    assert outlines(None) == []


def test_what_was_read_in_the_picture_is_not_said_to_be_metadata(measurement):
    plain = micrograph(None)
    read = replace(plain, databar_read=True)
    methods = [
        {f.name: f.method for f in facts_of(m, measurement)}["accelerating_voltage"]
        for m in (plain, read)
    ]
    assert methods == ["the file's metadata", "the file or the letters in the picture"]
