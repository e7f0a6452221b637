"""Files that nobody should send: every problem is named, the good records are taken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from slava.errors import BadInput, BadSetting
from slava.exchange.entry import Entry
from slava.exchange.formats import export_pairs, import_pairs
from slava.exchange.json_records import read_records
from tests.exchange.samples import EXHIBITS, pair


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "in" / "images"
    folder.mkdir(parents=True)
    for number in range(3):
        Image.fromarray(np.full((8, 8), 50 * number, np.uint8)).save(folder / f"m{number}.png")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "secret.png")
    return folder


def record(image: Any = "m0.png", asked: Any = "<image>\nWhat?", **fields: Any) -> dict[str, Any]:
    said = [{"from": "human", "value": asked}, {"from": "gpt", "value": "This."}]
    return {"id": "1", "image": image, "conversations": said, **fields}


def write(images: Path, records: object) -> Path:
    file = images.parent / "data.json"
    text = records if isinstance(records, str) else json.dumps(records)
    file.write_text(text, encoding="utf-8")
    return file


def test_paths_that_lead_out_of_the_folder_are_refused(images: Path, tmp_path: Path) -> None:
    outside = str(tmp_path / "secret.png")
    bad = [
        "../../secret.png",
        "..\\..\\secret.png",
        "images/../../secret.png",
        outside,
        "C:\\secret.png",
        "\\\\server\\share\\secret.png",
        "file:///etc/passwd",
        "https://example.org/a.png",
        "a\0b.png",
        "",
        ".",
        "..",
        7,
        {"url": "a"},
    ]
    if os.name != "nt":
        (images / "link.png").symlink_to(outside)
        bad.append("link.png")
    found = import_pairs(write(images, [record(b) for b in bad] + [record()]), images)
    assert [p.record for p in found.problems] == list(range(1, len(bad) + 1))
    assert len(found.pairs) == 1
    assert found.records == len(bad) + 1
    assert "secret" not in {m.name for m in found.micrographs.values()}


def test_every_wrong_record_is_named_and_the_good_are_taken(images: Path) -> None:
    said = record()["conversations"]
    records = [
        record("gone.png"),
        record(conversations="no list"),
        record(conversations=[]),
        record(conversations=[*said, {"from": "human", "value": "and?"}]),
        record(conversations=[{"from": "gpt", "value": "first"}, *said]),
        record(conversations=[{"from": "human", "value": 3}, said[1]]),
        record(asked="<image> <image> two?"),
        record(asked="<image>\n "),
        record(conversations=[said[0], {"from": "gpt", "value": " "}]),
        record(None),
        "text",
        None,
        record(score=float("nan")),
        record(slava={"version": 9}),
        record(slava={"version": 1, "pairs": [{}], "micrographs": []}),
        record(slava="{"),
        record("m1.png"),
    ]
    found = import_pairs(write(images, records), images)
    assert [p.record for p in found.problems] == list(range(1, len(records)))
    assert all(p.text for p in found.problems)
    assert [one.answer for one in found.pairs] == ["This."]
    assert found.pairs[0].drafting.teacher == "import:llava"


def test_records_behind_a_broken_one_are_read(images: Path) -> None:
    good = json.dumps(record())
    broken = good.replace('"gpt"', '"gpt', 1)
    other = json.dumps(record("m1.png"))
    found = import_pairs(write(images, f"[{good},\n{broken},\n{other}]"), images)
    assert [p.record for p in found.problems] == [2]
    assert len(found.pairs) == 2


def test_a_file_that_was_cut_off_gives_what_it_has(images: Path) -> None:
    text = json.dumps([record(), record("m1.png"), record("m2.png")])
    found = import_pairs(write(images, text[:-40]), images)
    assert [p.record for p in found.problems] == [3]
    assert len(found.pairs) == 2


def test_lines_of_json_are_read_as_well(images: Path) -> None:
    lines = "\n".join([json.dumps(record()), "{broken", json.dumps(record("m1.png"))])
    found = import_pairs(write(images, lines), images)
    assert [p.record for p in found.problems] == [2]
    assert len(found.pairs) == 2


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "[1, 2]", "[" * 5000, '{"a": 1}'])
def test_a_file_of_no_format_is_said_to_be_one(images: Path, text: str) -> None:
    with pytest.raises(BadInput, match=r"data\.json"):
        import_pairs(write(images, text), images)


def test_what_is_no_text_no_file_and_no_folder_is_said(images: Path, tmp_path: Path) -> None:
    binary = tmp_path / "x.json"
    binary.write_bytes(b"[\xff\xfe]")
    with pytest.raises(BadInput, match="UTF-8"):
        import_pairs(binary, None)
    with pytest.raises(BadInput, match=r"gone\.json"):
        import_pairs(tmp_path / "gone.json", None)
    with pytest.raises(BadSetting, match="--images"):
        import_pairs(write(images, [record()]), tmp_path / "nowhere")
    fake = tmp_path / "x.parquet"
    fake.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(BadInput, match=r"x\.parquet"):
        import_pairs(fake, None)


@pytest.mark.parametrize("form", ["llava", "sharegpt", "imagefolder"])
def test_a_picture_that_changed_since_the_export_is_noticed(form: Any, tmp_path: Path) -> None:
    export_pairs(form, [Entry(pair())], EXHIBITS, tmp_path)
    (image,) = (tmp_path / "images").iterdir()
    image.write_bytes(image.read_bytes() + b"\0")
    found = import_pairs(tmp_path, None)
    assert found.pairs == ()
    assert "has changed since it was exported" in str(found.problems[0])


def test_windows_paths_and_images_under_their_folder_are_found(images: Path) -> None:
    records = [record("images\\m0.png"), record("images/m1.png"), record("./m2.png")]
    for folder in (images, None):
        found = import_pairs(write(images, records), folder)
        assert found.problems == ()
        assert len(found.micrographs) == 3


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    good, problems = read_records(text)
    assert all(isinstance(value, dict) for _, value in good)
    assert all(str(problem) for problem in problems)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_ANY = st.recursive(
    _SCALARS | st.sampled_from(["m0.png", "human", "gpt", "user", "assistant", 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["from", "value", "role", "content", "type", "text", "version"])
            | st.sampled_from(["pairs", "micrographs", "id", "sha256", "nm_per_px", "position"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_RECORDS = st.lists(
    st.dictionaries(
        st.sampled_from(["id", "image", "images", "file_name", "conversations", "messages"])
        | st.sampled_from(["slava", "question", "answer", "text", "kind", "other_files"]),
        _ANY,
        max_size=5,
    ),
    min_size=1,
    max_size=4,
)


@given(records=_RECORDS, form=st.sampled_from(["llava", "sharegpt", "imagefolder"]))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_records_of_any_types_are_refused_by_name(records: Any, form: Any, images: Path) -> None:
    found = import_pairs(write(images, records), images, form)
    assert found.records == len(records)
    refused = {problem.record for problem in found.problems}
    assert len(refused) + len(found.pairs) + found.repeated >= len(records)


def test_what_a_record_says_of_itself_is_not_believed(tmp_path: Path) -> None:
    export_pairs("llava", [Entry(pair())], EXHIBITS, tmp_path)
    table = tmp_path / "data.json"
    (told,) = json.loads(table.read_text(encoding="utf-8"))
    for path, value, said in (
        (("pairs", 0, "position"), 10**400, "position"),
        (("pairs", 0, "kind"), "poem", "kind 'poem'"),
        (("pairs", 0, "micrograph_ids"), ["../x"], "no SHA-256"),
        (("pairs", 0, "micrograph_ids"), ["f" * 64], "does not tell of"),
        (("pairs", 0, "answer"), " ", "no answer"),
        (("pairs", 0, "drafting"), {"parameters": {"t": []}}, "parameter 't'"),
        (("micrographs", 0, "id"), "f" * 63, "no SHA-256"),
        (("micrographs", 0, "nm_per_px"), -1, "nm_per_px"),
        (("micrographs", 0, "nm_per_px"), 10**400, "large"),
        (("micrographs",), [], "tells of 0"),
        (("pairs",), [], "lacks"),
    ):
        record = json.loads(json.dumps(told))
        record["slava"]["micrographs"][0].update(nm_per_px=2.0, calibration_source="manual")
        place = record["slava"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        table.write_text(json.dumps([record]), encoding="utf-8")
        found = import_pairs(table, None)
        assert found.pairs == ()
        assert said in str(found.problems[0])
