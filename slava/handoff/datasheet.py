"""The datasheet of a snapshot: what is in it, where it comes from, and what was left out.

After Gebru et al. 2021 (Datasheets for Datasets), as far as numbers can tell it. It must not know
how pairs are stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from slava.domain import Part, ReviewedPair
from slava.handoff.snapshot import PARTS, SnapshotMicrograph, SnapshotPair

LENGTHS: tuple[tuple[str, int], ...] = (
    ("1-10", 10),
    ("11-25", 25),
    ("26-50", 50),
    ("51-100", 100),
    ("101-200", 200),
)
"""Words of an answer: name of the bin and its last number; longer ones are ``over 200``."""

UNSAID = "not said"


def make_datasheet(
    pairs: Sequence[SnapshotPair],
    micrographs: Sequence[SnapshotMicrograph],
    considered: Iterable[ReviewedPair],
    left_out: Mapping[str, int],
) -> dict[str, Any]:
    """Counts by everything that tells pairs apart, as plain values.

    Parameters
    ----------
    pairs, micrographs
        What is in the snapshot.
    considered
        All pairs of the workspace: acceptance rates are over what was reviewed of them.
    left_out
        How many pairs are not in it, by the reason.
    """
    return {
        "pairs": len(pairs),
        "micrographs": len(micrographs),
        "parts": {part: _count(e.part == part for e in pairs) for part in PARTS},
        "kind": _tally(e.pair.kind for e in pairs),
        "aspect": _tally(e.pair.aspect for e in pairs),
        "category": _tally(e.pair.category for e in pairs),
        "category_by_part": _category_by_part(pairs),
        "answer_words": _lengths(e.pair.answer for e in pairs),
        "detailed_words": _lengths(e.pair.detailed for e in pairs if e.pair.detailed),
        "state": _tally(e.state for e in pairs),
        "reviewer": _tally(name for e in pairs for name in e.reviewers or ("",)),
        "teacher": _tally(_teacher(e.pair.drafting.teacher, e.pair.drafting.model) for e in pairs),
        "acceptance": acceptance(considered),
        "licence": _tally(m.licence for m in micrographs),
        "confidential_micrographs": _count(m.confidential for m in micrographs),
        "calibration": _tally(m.calibration_source or "uncalibrated" for m in micrographs),
        "left_out": dict(sorted(left_out.items())),
    }


def acceptance(pairs: Iterable[ReviewedPair]) -> list[dict[str, Any]]:
    """By teacher, model and prompt version: drafted, accepted, rejected, and the rate of both.

    ``rate`` is accepted / (accepted + rejected), ``None`` before the first verdict.
    """
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for reviewed in pairs:
        by = reviewed.pair.drafting
        counts.setdefault((by.teacher, by.model, by.prompt_version), Counter())[reviewed.state] += 1
    rows = []
    for (teacher, model, prompt), states in sorted(counts.items()):
        judged = states["accepted"] + states["rejected"]
        rows.append(
            {
                "teacher": teacher,
                "model": model,
                "prompt_version": prompt,
                "drafted": states.total(),
                "accepted": states["accepted"],
                "rejected": states["rejected"],
                "rate": round(states["accepted"] / judged, 4) if judged else None,
            }
        )
    return rows


def datasheet_markdown(
    name: str, snapshot_id: str, created_at: str, sheet: Mapping[str, Any]
) -> str:
    """The datasheet for people."""
    head = [
        f"# {name}",
        "",
        f"Snapshot `{snapshot_id}`, frozen {created_at}.",
        "",
        f"{sheet['pairs']} pairs about {sheet['micrographs']} micrographs; split by micrograph, "
        "paper and conversation, never by pair.",
        "",
    ]
    tables = [
        _table(title, sheet[key])
        for key, title in (
            ("parts", "Parts"),
            ("kind", "Kinds"),
            ("aspect", "Aspects"),
            ("category", "Categories"),
            ("answer_words", "Words of the concise answers"),
            ("detailed_words", "Words of the detailed answers"),
            ("state", "States"),
            ("reviewer", "Reviewers"),
            ("teacher", "Teachers"),
            ("licence", "Licences of the micrographs"),
            ("calibration", "Calibration of the micrographs"),
            ("left_out", "Left out"),
        )
    ]
    closed = f"Confidential micrographs: {sheet['confidential_micrographs']}.\n"
    return "\n".join([*head, *tables, _acceptance_table(sheet["acceptance"]), closed])


def _acceptance_table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "## Acceptance by teacher and prompt version",
        "",
        "| Teacher | Model | Prompt version | Drafted | Accepted | Rejected | Rate |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        rate = "" if row["rate"] is None else f"{100 * row['rate']:.1f}%"
        names = (_cell(row[key]) for key in ("teacher", "model", "prompt_version"))
        counts = (str(row[key]) for key in ("drafted", "accepted", "rejected"))
        lines.append(f"| {' | '.join([*names, *counts, rate])} |")
    return "\n".join([*lines, ""])


def _table(title: str, counts: Mapping[str, int]) -> str:
    lines = [f"## {title}", "", "| | Count |", "| --- | ---: |"]
    lines += [f"| {_cell(name)} | {count} |" for name, count in counts.items()]
    return "\n".join([*lines, ""]) if counts else f"## {title}\n\nNone.\n"


def _cell(text: object) -> str:
    """Untrusted text inside a table."""
    return (
        " ".join(str(text).split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    )


def _tally(names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, the most frequent first."""
    counts = Counter(name or UNSAID for name in names)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _count(hits: Iterable[bool]) -> int:
    return sum(hits)


def _category_by_part(pairs: Sequence[SnapshotPair]) -> dict[str, dict[Part, int]]:
    counts = Counter((e.pair.category or UNSAID, e.part) for e in pairs)
    categories = sorted({category for category, _ in counts})
    return {c: {part: counts[c, part] for part in PARTS} for c in categories}


def _lengths(texts: Iterable[str]) -> dict[str, int]:
    counts = Counter(_bin(len(text.split())) for text in texts)
    names = [*(name for name, _ in LENGTHS), "over 200"]
    return {name: counts[name] for name in names if counts[name]}


def _bin(words: int) -> str:
    return next((name for name, last in LENGTHS if words <= last), "over 200")


def _teacher(teacher: str, model: str) -> str:
    return f"{teacher} {model}".strip()
