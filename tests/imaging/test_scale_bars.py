"""Scale bars read with the real reader of letters, and what they may calibrate."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from slava.domain import Box, Calibration, Databar, Instrument, Micrograph, MicrographId, ScaleBar
from slava.imaging.calibrate import BELIEVED, with_databar, with_proposal
from slava.imaging.databar import DatabarReading, read_databar
from slava.imaging.databar.letters import Text
from slava.imaging.inspect import inspect_micrograph, to_record
from slava.imaging.vendors.quantity import length_nm
from tests.imaging.drawn_bars import Look, draw
from tests.imaging.vendor_files import inspected, jeol_text, specimen, write_fei

BAR = ScaleBar("200 nm", 200.0, 100.0, 0.9)
PLAIN = Micrograph(MicrographId("0" * 64), "a.png", "PNG", 800, 600, 8, 1)


@pytest.mark.parametrize(
    "look",
    [
        Look("caps", 140, "2 µm", letter_px=20),
        Look("line", 200, "500 nm", "right", paper=235, ink=10, thick=4),
        Look("broken", 260, "50 µm"),
        Look("ticks", 300, "1.00 mm"),
        Look("block", 180, "100 nm", paper=None, ink=255, letter_px=26),
        Look("line", 150, "20 µm", paper=None, ink=(250, 30, 30), thick=5, letter_px=26),
    ],
    ids=lambda look: f"{look.kind}-{look.paper}",
)
def test_a_drawn_bar_is_read(look: Look, tmp_path: Path) -> None:
    Image.fromarray(draw(look).pixels).save(tmp_path / "a.png")
    micrograph = inspect_micrograph(tmp_path / "a.png", databar="needed").micrograph
    bar = micrograph.scale_bar
    assert bar is not None
    assert bar.text.split() == f"{float(look.label.split()[0]):g} {look.label.split()[1]}".split()
    assert bar.length_px == pytest.approx(look.length_px, abs=1)
    assert micrograph.calibration is None
    assert micrograph.proposal is not None
    assert not micrograph.proposal.confirmed
    assert any(box.width_px > 20 for box in micrograph.letters)


def test_a_refused_sidecar_is_resolved_by_the_picture(tmp_path: Path) -> None:
    drawn = draw(Look("block", 150, "10 um"))
    Image.fromarray(drawn.pixels).save(tmp_path / "a.bmp")
    (tmp_path / "a.txt").write_text(jeol_text(1280, 960), encoding="ascii")
    found = with_proposal(inspect_micrograph(tmp_path / "a.bmp", databar="needed").micrograph)
    record = to_record(found)
    assert record["nm_per_px"] == pytest.approx(10_000 / 150, rel=0.01)
    assert record["calibration_source"] == "databar"
    assert record["calibration_confirmed"] is False
    assert record["calibration_confidence"] == record["scale_bar"]["confidence"] < 1
    assert record["databar_box"] == [0, 480, 800, 570]
    assert set(record["scale_bar"]) == {"text", "length_nm", "length_px", "confidence"}
    assert "belongs to another rendering and was refused" in record["warnings"][0]


def test_a_picture_without_letters_stays_uncalibrated(tmp_path: Path) -> None:
    Image.fromarray(specimen(300, 400)).save(tmp_path / "a.png")
    found = inspect_micrograph(tmp_path / "a.png", databar="needed").micrograph
    assert (found.scale_bar, found.proposal, found.databar_read) == (None, None, True)


def test_no_letters_are_read_where_metadata_calibrates(tmp_path: Path) -> None:
    """Neither the reader of letters nor OpenCV is even imported."""
    path = write_fei(tmp_path / "a.tif")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from slava.imaging.inspect import inspect_micrograph\n"
        f"found = inspect_micrograph(Path({str(path)!r}), databar='needed').micrograph\n"
        "assert found.calibration is not None and not found.databar_read\n"
        "assert not {'rapidocr', 'onnxruntime', 'cv2'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_metadata_says_what_is_certain_the_databar_the_rest() -> None:
    said = Instrument(accelerating_voltage_kv=5.0, magnification=1000.0)
    letters = Instrument(accelerating_voltage_kv=9.0, working_distance_mm=4.0, detector="SE2")
    reading = DatabarReading(BAR, letters)
    found = with_databar(replace(PLAIN, instrument=said), reading)
    assert found.instrument == Instrument(
        accelerating_voltage_kv=5.0, magnification=1000.0, working_distance_mm=4.0, detector="SE2"
    )


@pytest.mark.parametrize(("nm_per_px", "warned"), [(2.0, False), (2.05, False), (2.1, True)])
def test_a_bar_that_disagrees_is_told_and_not_believed(nm_per_px: float, warned: bool) -> None:
    file = replace(PLAIN, calibration=Calibration(nm_per_px, "metadata", "tag"))
    found = with_databar(file, DatabarReading(BAR))
    assert found.calibration == file.calibration
    assert found.proposal is None
    assert found.warnings == (
        (
            "The scale bar in the picture says 2 nm per pixel, the metadata 2.1; "
            "the metadata was believed.",
        )
        if warned
        else ()
    )


@pytest.mark.parametrize("confidence", [BELIEVED - 0.01, BELIEVED])
def test_only_a_confident_bar_calibrates_a_command(confidence: float) -> None:
    bar = replace(BAR, confidence=confidence)
    found = with_proposal(replace(PLAIN, scale_bar=bar))
    expected = Calibration(2.0, "databar", "scale bar 200 nm = 100 px", confidence, confirmed=False)
    assert found.calibration == (expected if confidence >= BELIEVED else None)
    assert to_record(found)["scale_bar"]["length_px"] == 100.0


def test_other_sources_are_confirmed(tmp_path: Path) -> None:
    record = to_record(inspected(write_fei(tmp_path / "a.tif")))
    assert (record["calibration_confidence"], record["calibration_confirmed"]) == (1.0, True)
    assert record["scale_bar"] is None


@pytest.mark.real_data
def test_bars_of_vendor_files(real_data: Path) -> None:
    """Text right, within 3 % of the bar's own pixels or the metadata, none sure and wrong."""
    expected = json.loads((real_data / "vendor" / "expected.json").read_text(encoding="utf-8"))
    seen = 0
    for name, truth in expected.items():
        if "bar" not in truth:
            continue
        found = inspect_micrograph(real_data / "vendor" / name, databar="always").micrograph
        bar, wanted = found.scale_bar, length_nm(truth["bar"])
        assert bar is not None, name
        assert wanted is not None
        assert bar.length_nm == pytest.approx(wanted), name
        length = truth.get("bar_px") or wanted / (truth["px"] * 1e9)
        assert bar.length_px == pytest.approx(length, rel=0.03), name
        assert bar.confidence > BELIEVED, name
        if "TRAP" in truth["src"]:
            calibrated = with_proposal(found)
            assert calibrated.nm_per_px == pytest.approx(truth["px"] * 1e9, rel=0.01), name
        seen += 1
    assert seen >= 10


@pytest.mark.real_data
@pytest.mark.slow
def test_labels_of_published_pictures(real_data: Path) -> None:
    """At least 95 % of the labels are right, and none is sure and wrong."""
    truth = {path: path.stem for path in sorted((real_data / "scale_bars").glob("*.png"))}
    nffa = json.loads((real_data / "nffa" / "truth.json").read_text(encoding="utf-8"))
    for described in nffa["described"]:
        said = re.search(r"Scale bar = ([^,]+)", described["description"])
        assert said is not None
        truth[real_data / "nffa" / described["file"]] = said[1]
    right = []
    for path, text in truth.items():
        bar = inspect_micrograph(path, databar="needed").micrograph.scale_bar
        right.append(bar is not None and bar.length_nm == pytest.approx(length_nm(text) or 0.0))
        assert right[-1] or bar is None or bar.confidence <= 0.8, path.name
    assert np.mean(right) >= 0.95


def test_the_bar_of_a_label_in_the_strip_is_not_looked_for_in_the_picture() -> None:
    grey = np.random.default_rng(0).integers(40, 60, (480, 640), dtype=np.uint8)
    grey[395:398, 20:150] = 255  # a bright edge of the specimen, just above the strip
    grey[420:] = 255
    grey[458:460, 11:57] = 0
    grey[452:466, 11:13] = grey[452:466, 55:57] = 0

    def read(levels: np.ndarray, _zoom: float) -> list[Text]:
        top = 0 if len(levels) == 60 else 420
        return [Text("20 nm", Box(8, top + 4, 76, top + 26), 0.99)]

    bar = read_databar(grey, Databar(420, 480), read).scale_bar
    assert bar is not None
    assert bar.length_px == pytest.approx(45, abs=1.5)
    assert bar.box is not None
    assert bar.box.top > 420
