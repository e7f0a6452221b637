"""The model: its chip, its notice, its dialog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slava.errors import ModelNeedsDownload
from slava.vlm.backbone import GenerationSettings, Report
from slava.vlm.load import kind_of
from slava.vlm.memory import gigabytes
from ui.present.words import Shown
from ui.services.models import ModelState


def model(
    state: ModelState, generation: GenerationSettings, recommended: Sequence[Mapping[str, Any]]
) -> Shown:
    """The chip, the notice and the dialog of the model."""
    report = state.report
    wanted = state.wanted
    return {
        "id": wanted.reference,
        "phase": state.phase,
        "title": _model_title(state),
        "notice": report.notice if report else "",
        "kind": kind_of_reference(wanted.reference),
        "reference": wanted.reference,
        "quantization": wanted.quantization,
        "max_new_tokens": generation.max_new_tokens,
        "temperature": generation.temperature,
        "progress": state.progress,
        "error": "" if _is_missing_only(state) else state.error,
        "report": _report_rows(report) if report else [],
        "download": _download(state.download),
        "recommended": [_recommended(r) for r in recommended],
    }


def kind_of_reference(reference: str) -> str:
    """The kind of a model reference; a folder that is gone is still a folder."""
    from slava.errors import ModelNotFound

    try:
        return kind_of(reference)
    except ModelNotFound:
        return "folder"


def _model_title(state: ModelState) -> str:
    report = state.report
    name = "Built-in sLAVA" if state.wanted.reference == "builtin" else state.wanted.reference
    if report is not None:
        parts = [report.name, report.device.upper() if len(report.device) < 5 else report.device]
        parts += [report.quantization] * (report.quantization != "none")
        return " · ".join(parts)
    tail = {"loading": state.progress or "loading", "downloading": state.progress}
    failed = "needs a download" if _is_missing_only(state) else "failed"
    after = tail.get(state.phase, failed if state.phase == "failed" else "loads at first use")
    return f"{name} · {after}"


def _report_rows(report: Report) -> list[tuple[str, str]]:
    def size(n: int | None) -> str:
        return f"{n / 1e9:.2f} GB" if n and n >= 1e9 else f"{n / 1e6:.0f} MB" if n else ""

    rows = [
        ("Model", report.name),
        ("Device", report.device),
        ("Quantization", report.quantization),
        ("Memory", size(report.memory_bytes)),
        ("Parameters", f"{report.parameters / 1e6:.1f} million" if report.parameters else ""),
        ("Context", f"{report.context_tokens:,} tokens" if report.context_tokens else ""),
        ("Pictures at once", str(report.max_micrographs or "")),
        ("Licence", report.licence),
    ]
    return [row for row in rows if row[1]]


def _is_missing_only(state: ModelState) -> bool:
    """Whether nothing went wrong but that the model is not here, which the dialog says itself."""
    return state.download is not None and state.error == str(state.download)


def _download(needed: ModelNeedsDownload | None) -> Shown | None:
    if needed is None:
        return None
    size = gigabytes(needed.size_bytes) if needed.size_bytes else ""
    text = f"{needed.reference} is not on this machine. " + (
        f"The download from the Hugging Face hub is {size}."
        if size
        else "The Hugging Face hub is asked for its size; it learns the name of the model."
    )
    return {"reference": needed.reference, "size": size, "text": text}


def _recommended(record: Mapping[str, Any]) -> Shown:
    """One row of the table, from a record of the catalogue."""
    memory = record["memory_gb"]
    sizes = " / ".join(f"{memory[q]:.1f}" for q in ("none", "int8", "nf4"))
    return {
        "reference": record["model"],
        "name": record["model"].split("/")[-1],
        "note": record["note"],
        "download": f"{record['download_gb']:.1f} GB",
        "memory": f"{sizes} GB",
        "licence": record["licence"] + (" (to accept first)" if record["gated"] else ""),
    }
