"""Examine the built-in model on real micrographs, which are only ever looked at here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from slava.vlm.backbone import View
from slava.vlm.builtin_backbone import BuiltinBackbone


def evaluate_real(weights: Path, folder: Path) -> dict[str, float]:
    """The category of the NFFA micrographs in ``folder`` (``nffa/truth.json``), as classified."""
    from slava.imaging.display import stretch
    from slava.imaging.inspect import inspect_micrograph

    backbone = BuiltinBackbone.load(weights=weights)
    truth = nffa_categories(folder)
    right, third, confidence, sure = [], [], [], []
    by: dict[str, list[bool]] = {}
    for file, category in sorted(truth.items()):
        inspected = inspect_micrograph(file)
        box = inspected.micrograph.picture
        pixels = stretch(inspected.grey[box.top : box.bottom, box.left : box.right])
        ranking = backbone.rank_categories(View(pixels, box))
        labels = [r.label for r in ranking.ranked]
        right.append(labels[0] == category)
        third.append(category in labels[:3])
        confidence.append(ranking.ranked[0].probability)
        sure.append(not ranking.abstained)
        by.setdefault(category, []).append(right[-1])
    hit, p = np.array(right), np.array(confidence)
    figures = {
        "nffa_micrographs": len(hit),
        "nffa_category_top1": hit.mean(),
        "nffa_category_top3": np.mean(third),
        "nffa_expected_calibration_error": calibration_error(p, hit),
        "nffa_sure_share": np.mean(sure),
        "nffa_top1_when_sure": hit[np.array(sure)].mean() if any(sure) else 0.0,
        "nffa_confidence_when_wrong": p[~hit].mean() if (~hit).any() else 0.0,
    }
    figures |= {f"nffa_top1_{name}": np.mean(listed) for name, listed in sorted(by.items())}
    return {k: round(float(v), 4) for k, v in figures.items()}


def nffa_categories(folder: Path) -> dict[Path, str]:
    """File and category of every NFFA micrograph of which the category is known."""
    told = json.loads((folder / "nffa" / "truth.json").read_text(encoding="utf-8"))
    found = {folder / "nffa" / r["file"]: r["category"] for r in told["described"]}
    for part in ("size", "count"):
        for r in told[part]:
            kind = "fibres" if "fibers" in r["file"] else "particles"
            found.setdefault(folder / "nffa" / r["file"], kind)
    return found


def calibration_error(p: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of confidences (n,) in equal bins (Guo et al. 2017)."""
    place = np.minimum((p * bins).astype(int), bins - 1)
    error = 0.0
    for k in range(bins):
        chosen = place == k
        if chosen.any():
            error += chosen.mean() * abs(p[chosen].mean() - right[chosen].mean())
    return float(error)
