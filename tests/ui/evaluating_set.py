"""A test set in a file: two drawn micrographs, questions with references, answers of another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from slava.synthetic import draw_micrograph

ELSEWHERE = "Elsewhere"
"""The other system whose answers come with the set."""
SLOWLY = "What does it show, said slowly?"
"""Takes the scripted model long enough to be cancelled meanwhile."""


def draw_set(folder: Path, *further: dict[str, Any]) -> Path:
    """Write the micrographs and the file; ``further`` are more records."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, kind in ((3, "fibres"), (4, "particles")):
        drawn = draw_micrograph(seed, kind, width_px=160, height_px=120, databar_share=0.0)
        Image.fromarray(drawn.pixels).save(folder / f"{kind}.png")
    records = [
        {"file": "fibres.png", "question": "What does it show?", "reference": "Thin fibres.",
         "topic": "content", "defect": False, "answers": {ELSEWHERE: "Thin fibres, no defect."}},
        {"file": "particles.png", "question": "What does it show?", "topic": "content",
         "reference": "Round particles."},
        {"file": "particles.png", "question": "How many are there?", "quantity": "7",
         "topic": "count", "answers": {ELSEWHERE: "7 particles"}},
        *further,
    ]  # fmt: skip
    file = folder / "questions.jsonl"
    file.write_text("\n".join(json.dumps(r) for r in records), encoding="utf-8")
    return file
