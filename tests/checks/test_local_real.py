"""Drafts about real micrographs with the built-in model: nothing in them contradicts the facts."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from slava.imaging.inspect import inspect_micrograph
from slava.imaging.measure import facts_of, measure_inspected
from slava.packs import load_pack
from slava.teacher.checks import Known, check_pairs, rules_of
from slava.teacher.local import compare_locally, draft_locally
from slava.teacher.subject import Subject
from slava.vlm.ask import make_view
from slava.vlm.backbone import View
from slava.vlm.context import build_context

pytestmark = [pytest.mark.real_data, pytest.mark.slow]
PACK = load_pack()


def subject_of(path: Path, label: str, nm_per_px: float | None) -> tuple[Subject, View]:
    from slava.domain import Calibration

    inspected = inspect_micrograph(path)
    shown = inspected.micrograph
    if nm_per_px is not None:
        shown = replace(shown, calibration=Calibration(nm_per_px, "manual"))
    facts = facts_of(shown, measure_inspected(shown, inspected.grey))
    view = make_view(shown, inspected.grey, build_context(shown, facts, "high"))
    return Subject(shown, facts, label), view


def few(folder: Path) -> list[tuple[Path, str, float | None]]:
    """Two described ones of NFFA, one as if calibrated, and one of DoITPoMS."""
    described = json.loads((folder / "nffa" / "truth.json").read_text("utf-8"))["described"]
    with (folder / "doitpoms" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        taught = next(csv.DictReader(file))["image_local_path"]
    return [
        (folder / "nffa" / described[1]["file"], described[1]["category"], 0.5),
        (folder / "nffa" / described[4]["file"], described[4]["category"], None),
        (folder / "doitpoms" / taught, "", 100.0),
    ]


def test_every_draft_passes_the_checks_of_numbers(real_data: Path) -> None:
    from slava.vlm.builtin_backbone import BuiltinBackbone

    backbone = BuiltinBackbone.load()
    subjects = [subject_of(*one) for one in few(real_data)]
    pairs = [p for s, view in subjects for p in draft_locally(s, PACK, (), backbone, view)]
    pairs += [p for p in [compare_locally(subjects[0][0], subjects[2][0], PACK)] if p]
    known = {s.micrograph.id: Known(s.micrograph, s.facts, s.category) for s, _ in subjects}
    flags = check_pairs(pairs, known, rules_of(PACK))
    wrong = {"wrong_number", "uncalibrated_unit", "invented_element", "label_leak", "abbreviation"}
    assert [f.detail for fs in flags.values() for f in fs if f.kind in wrong] == []
    aspects = []
    for subject, _ in subjects:
        drafted = [p for p in pairs if p.micrograph_ids == (subject.micrograph.id,)]
        aspects.append(len({p.aspect for p in drafted if p.kind == "vqa"}))
        assert any(p.kind == "caption" for p in drafted)
    # Nothing is said of what is not known: the picture without a measurement has fewer aspects.
    assert min(aspects) >= 6
    assert max(aspects) >= 8
