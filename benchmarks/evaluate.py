"""The built-in model on real micrographs, beside the published answers of other systems.

    python benchmarks/evaluate.py [--data DIR] [--workspace DIR] [--write FILE]

Makes a test set of the NFFA micrographs that experts have described, sized and counted, and of the
DoITPoMS library, asks the built-in model at all levels of context, and prints one table. The
scale bars that are read are taken for the calibration, as an expert who looks at them would.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from slava.packs import load_pack

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEVELS = "none,basic,moderate,high"
MEASURES = "text,grounded,category,quantity,reliance"
KINDS = {"fibers": "fibres", "particles": "particles"}
DESCRIBE = "Describe this micrograph in detail."
UNITS = {"size": " µm", "count": ""}

Record = dict[str, Any]


def nffa(data: Path) -> list[Record]:
    """Descriptions, categories, sizes and counts of experts, with the published answers."""
    truth = json.loads((data / "nffa" / "truth.json").read_text(encoding="utf-8"))
    classes = list(load_pack().labels)
    records: list[Record] = []
    for one in truth["described"]:
        file = f"nffa/{one['file']}"
        told = one["description"].splitlines()[0]
        records.append({"file": file, "question": DESCRIBE, "reference": told, "topic": "nffa"})
        records.append({"file": file, "classes": classes, "category": one["category"]})
    for one in truth["size"]:
        what = KINDS[Path(one["file"]).parent.name]
        asked = f"What is the mean diameter of the {what}?"
        records.append(
            {
                **_number(one, "size", f"{one['expert_mean_size_um']:g} µm", asked),
                "answers": _given(one["published_answers_um"], "size"),
            }
        )
    for one in truth["count"]:
        what = KINDS[Path(one["file"]).parent.name]
        records.append(
            {
                **_number(one, "count", f"{one['expert_count']:g}", f"How many {what} are there?"),
                "answers": _given(one["published_counts"], "count"),
            }
        )
    return records


def doitpoms(data: Path) -> list[Record]:
    """What experts wrote of teaching micrographs."""
    folder = data / "doitpoms"
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    return [
        {
            "file": f"doitpoms/{row['image_local_path']}",
            "question": DESCRIBE,
            "reference": " ".join(row["further_information"].split()),
            "topic": "doitpoms",
        }
        for row in rows
        if row["further_information"].strip() and (folder / row["image_local_path"]).is_file()
    ]


def _number(one: Record, kind: str, quantity: str, question: str) -> Record:
    what = KINDS[Path(one["file"]).parent.name]
    return {
        "file": f"nffa/{one['file']}",
        "question": question,
        "quantity": quantity,
        "topic": f"{kind} of {what}",
    }


def _given(published: dict[str, Any], kind: str) -> dict[str, str]:
    return {name: f"{value}{UNITS[kind]}" for name, value in published.items() if value is not None}


def main() -> None:
    """Make the test set, evaluate, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--write", type=Path, help="also as JSON into this file")
    parser.add_argument("--only", default="", help="nffa or doitpoms")
    chosen = parser.parse_args()
    parts = {"nffa": nffa, "doitpoms": doitpoms}
    records = [
        {**r, "file": str(chosen.data / r["file"])}
        for name, make in parts.items()
        if chosen.only in ("", name)
        for r in make(chosen.data)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        workspace = chosen.workspace or Path(scratch) / "workspace"
        found = _evaluate(records, workspace, Path(scratch))
    print(table(found))
    if chosen.write:
        chosen.write.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")


def _evaluate(records: list[Record], workspace: Path, scratch: Path) -> Record:
    from slava.domain import EvaluationSpec
    from slava.evaluation.tables import by_level, grouped
    from store import Store
    from store.received_tests import take_path
    from ui.services.evaluation_desk import EvaluationDesk
    from ui.services.evaluation_results import results_of

    file = scratch / "real micrographs.jsonl"
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    file.write_text("\n".join(lines), encoding="utf-8")
    with Store.open(workspace) as store:
        desk = EvaluationDesk(store)
        test_set = take_path(store, file, _said)
        items = store.test_sets.list_items(test_set.id)
        wanted = EvaluationSpec(
            (),
            tuple(MEASURES.split(",")),  # type: ignore[arg-type]
            "",
            "",
            levels=tuple(LEVELS.split(",")),  # type: ignore[arg-type]
            max_new_tokens=160,
        )
        spec = desk.spec(desk.entries(items), test_set, wanted)
        evaluation = desk.begin(spec)
        desk.ask(evaluation.id, confirm_bars=True, say=_said)
        results = results_of(store, evaluation.id)
    figures = [figure.name for figure in results.figures]
    cells = [
        {
            "model": cell.model, "figure": cell.figure, "topic": topic, "level": level,
            "mean": round(cell.mean, 4), "answers": cell.answers,
        }
        for topic, level, cell in (
            *((c.group, c.level or "", c) for f in figures for c in by_level(results, f)),
            *(("", c.group, c) for f in figures for c in grouped(results, f, "level")),
        )
    ]  # fmt: skip
    return {"test_set": test_set.count, "notes": list(results.notes), "cells": cells}


def table(found: Record) -> str:
    """Numbers within 20 % of the expert's by topic, and the built-in model by context."""
    cells = found["cells"]
    lines = [
        f"{found['test_set']} questions",
        "",
        "numbers within 20 %, context high",
    ]
    lines += [
        f"  {c['topic']:<20} {c['model']:<18} {c['mean']:6.2f}  of {c['answers']}"
        for c in cells
        if c["figure"] == "quantity_within" and c["topic"] and c["level"] == "high"
    ]
    lines += ["", "Built-in sLAVA by context"]
    lines += [
        f"  {c['figure']:<18} {c['level']:<9} {c['mean']:6.3f}  of {c['answers']}"
        for c in cells
        if not c["topic"] and c["model"] == "Built-in sLAVA"
    ]
    return "\n".join(lines)


def _said(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
