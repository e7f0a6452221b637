"""``slava evaluate`` and ``slava report`` from outside, with the built-in model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from slava.synthetic import draw_micrograph
from tests.cli.command import rows, slava


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two drawn micrographs, four questions, the answers of another system."""
    folder = tmp_path_factory.mktemp("questions")
    for seed, label in ((3, "fibres"), (4, "particles")):
        drawn = draw_micrograph(seed, label, width_px=320, height_px=240, databar_share=0.0)
        Image.fromarray(drawn.pixels).save(folder / f"{label}.png")
    records = [
        {"file": "fibres.png", "question": "What does it show?", "reference": "Thin fibres."},
        {"file": "particles.png", "question": "What does it show?", "reference": "Particles."},
        {"file": "fibres.png", "question": "How many are there?", "quantity": "7",
         "answers": {"Elsewhere": "7 fibres"}},
        {"file": "fibres.png", "classes": ["fibres", "particles"], "category": "fibres"},
    ]  # fmt: skip
    file = folder / "questions.jsonl"
    file.write_text("\n".join(json.dumps(r) for r in records), encoding="utf-8")
    return file


def test_evaluate_then_again_then_report(questions: Path, tmp_path: Path) -> None:
    told = ("--workspace", tmp_path / "w", "--json")
    asked = ("evaluate", "--models", "builtin,given:Elsewhere", "--dataset", questions,
             "--measures", "text,quantity,category", "--max-new-tokens", "24", *told)  # fmt: skip
    first = slava(*asked)
    assert first.returncode == 0, first.stderr
    found = rows(first)[0]
    assert (found["questions"], len(found["rows"])) == (4, 5)
    figures = found["figures"]
    assert figures["Elsewhere"]["quantity_within"]["mean"] == 1.0
    assert figures["Built-in sLAVA"]["category_right"]["answers"] == 1
    assert figures["Built-in sLAVA"]["rougeL"]["answers"] == 2
    assert set(found["left_out"]) <= {"meteor"}

    written = tmp_path / "report.html"
    report = slava("report", "last", "--output", written, *told)
    assert report.returncode == 0, report.stderr
    assert rows(report)[0] == {
        "evaluation": found["evaluation"],
        "report": str(written),
        "answers": 5,
    }
    assert "Thin fibres." in written.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--measures", "beauty"), "--measures 'beauty' is none of text, grounded"),
        (("--dataset", "nowhere.jsonl"), "nowhere.jsonl is not there"),
        (("--models", "adapter:none", "--dataset", "labels"), "labelled micrographs"),
    ],
)
def test_bad_options_are_one_line(options: tuple[str, ...], complaint: str, tmp_path: Path) -> None:
    done = slava("evaluate", *options, "--workspace", tmp_path / "w")
    assert done.returncode == 2
    assert complaint in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
