"""What the panels show, made from records: pure functions from records to plain dictionaries.

The panels put text into the page as text; nothing here is markup. It must not know Gradio, the
store or a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slava.domain import Calibration, Conversation, Fact, Micrograph, MicrographId
from slava.domain.conversation import ContextLevel
from slava.imaging.display import TILE_PX
from slava.packs import Pack
from slava.vlm.backbone import GenerationSettings, Report
from slava.vlm.context import LEVELS
from slava.vlm.load import kind_of
from ui.services.ingesting import Job
from ui.services.measuring import Known
from ui.services.models import ModelState
from ui.services.pictures import Picture

Shown = dict[str, Any]

UNCALIBRATED = "uncalibrated"
SOURCES = {
    "metadata": "from the file",
    "sidecar": "from the sidecar file",
    "databar": "read from the databar",
    "manual": "by hand",
}
THUMBNAIL_PX = 112
SHORT = "Describe this micrograph in one or two sentences."
DETAILED = (
    "Describe this micrograph in detail: what it shows, shapes, sizes, arrangement and surface."
)


# ------------------------------------------------------------------------------ library
def library(
    micrographs: Sequence[Micrograph], selected: MicrographId | None, base: str, job: Job | None
) -> Shown:
    """The list on the left, newest first, and the job that adds to it."""
    return {
        "selected": selected,
        "items": [_library_item(m, base) for m in micrographs],
        "job": _job(job) if job else None,
    }


def _library_item(m: Micrograph, base: str) -> Shown:
    said = (m.name, m.instrument.vendor, m.instrument.detector, m.format, m.notes)
    return {
        "id": m.id,
        "name": m.name,
        "calibration": f"{m.nm_per_px:.3g} nm/px" if m.nm_per_px else UNCALIBRATED,
        "calibrated": m.calibration is not None,
        "detail": f"{m.width_px} × {m.height_px} px",
        "words": " ".join(part for part in said if part).replace("µ", "μ"),
        "thumbnail": f"{base}/m/{m.id}/preview.png?size={THUMBNAIL_PX}",
    }


def _job(job: Job) -> Shown:
    if job.state == "running":
        text = f"Adding {job.done} of {job.total}" if job.total else "Looking for files"
    else:
        counts = [f"{job.added} added"]
        counts += [f"{job.known} known already"] * (job.known > 0)
        counts += [f"{len(job.failures)} could not be read"] * (len(job.failures) > 0)
        text = ("Cancelled: " if job.state == "cancelled" else "") + ", ".join(counts)
    return {
        "state": job.state,
        "text": text,
        "fraction": job.done / job.total if job.total else 0,
        "failures": list(job.failures),
    }


# ------------------------------------------------------------------------------ viewer
def viewer(micrograph: Micrograph, picture: Picture, known: Known, base: str) -> Shown:
    """What the viewer needs to draw a micrograph; its pixels it fetches itself."""
    height, width = picture.levels[0].shape
    calibration = micrograph.calibration
    return {
        "id": micrograph.id,
        "name": micrograph.name,
        "w": width,
        "h": height,
        "bits": micrograph.bit_depth,
        "dtype": picture.samples,
        "tile": TILE_PX,
        "levels": [[level.shape[1], level.shape[0]] for level in picture.levels],
        "nm_per_px": micrograph.nm_per_px,
        "calibration": calibration_text(calibration),
        "calibration_detail": calibration.detail if calibration else "",
        "can_undo": calibration is not None and calibration.source == "manual",
        "min": picture.smallest,
        "max": picture.largest,
        "lo": picture.low,
        "hi": picture.high,
        "hist": list(picture.histogram),
        "base": f"{base}/m/{micrograph.id}",
        "outlines": _outlines_version(known),
    }


def _outlines_version(known: Known) -> str:
    measured = known.measurement
    return str(measured.count) if measured is not None and measured.labels is not None else ""


def calibration_text(calibration: Calibration | None) -> str:
    """``4.538 nm/px · from the file``, or that there is none."""
    if calibration is None:
        return UNCALIBRATED
    return f"{calibration.nm_per_px:.4g} nm/px · {SOURCES[calibration.source]}"


# ------------------------------------------------------------------------------ facts
def facts(known: Known) -> Shown:
    """The table under the viewer, the warnings, and the user's notes."""
    return {
        "id": known.micrograph.id,
        "state": known.state,
        "status": _facts_status(known),
        "rows": [
            _calibration_row(known.micrograph),
            *(_fact_row(fact) for fact in known.facts if fact.name != "pixel_size"),
        ],
        "warnings": list(known.warnings),
        "notes": known.micrograph.notes,
    }


def _facts_status(known: Known) -> str:
    if known.state == "measuring":
        return "measuring …"
    if known.state == "failed":
        return known.error
    measured = known.measurement
    if measured is None or measured.kind in ("unsure", "other"):
        return ""
    return f"measured as {measured.kind} (sure to {measured.kind_confidence:.0%})"


def _calibration_row(micrograph: Micrograph) -> Shown:
    calibration = micrograph.calibration
    text = f"{calibration.nm_per_px:.4g} nm/px" if calibration else UNCALIBRATED
    method = (
        SOURCES[calibration.source] if calibration else "sizes are in pixels until it is calibrated"
    )
    detail = calibration.detail if calibration else ""
    return _row("calibration", "Calibration", text, method, detail)


def _fact_row(fact: Fact) -> Shown:
    parameters = ", ".join(f"{name} = {value}" for name, value in fact.parameters.items())
    detail = "\n".join(part for part in (fact.method, parameters) if part)
    strong = not isinstance(fact.value, str)
    return _row(fact.name, fact.label, fact.text, fact.method, detail, strong=strong)


def _row(
    name: str, label: str, text: str, method: str, detail: str, *, strong: bool = True
) -> Shown:
    return {
        "name": name,
        "label": label,
        "text": text,
        "method": method,
        "detail": detail or method,
        "strong": strong,
    }


# ------------------------------------------------------------------------------ conversations
def head(
    conversations: Sequence[Conversation],
    current: Conversation | None,
    names: Mapping[MicrographId, str],
    base: str,
    *,
    micrograph_open: bool,
) -> Shown:
    """Title, list of all conversations, and where the open one can be downloaded."""
    return {
        "title": current.title if current else "New conversation" if micrograph_open else "",
        "current": current.id if current else None,
        "can_begin": micrograph_open,
        "downloads": f"{base}/c/{current.id}" if current else None,
        "items": [_conversation_item(c, names.get(c.micrograph_id, "")) for c in conversations],
    }


def _conversation_item(conversation: Conversation, name: str) -> Shown:
    day = conversation.updated_at[:10]
    return {
        "id": conversation.id,
        "title": conversation.title,
        "detail": f"{name} · {day}" if name else day,
        "words": f"{conversation.title} {name}",
    }


def suggestions(pack: Pack) -> list[Shown]:
    """Describe it, and one question for each aspect of the pack."""
    described = [
        {"title": "Describe it", "question": SHORT},
        {"title": "Describe it in detail", "question": DETAILED},
    ]
    return described + [{"title": a.title, "question": a.question} for a in pack.aspects]


def askbar(level: ContextLevel, preview: str, pack: Pack) -> Shown:
    """Suggested questions, and what the model would be told at this level."""
    return {
        "level": level,
        "levels": list(LEVELS),
        "preview": preview,
        "suggestions": suggestions(pack),
    }


# ------------------------------------------------------------------------------ model
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
        "error": state.error,
        "report": _report_rows(report) if report else [],
        "download": _download(state),
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
    after = tail.get(state.phase, "failed" if state.phase == "failed" else "loads at first use")
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


def _download(state: ModelState) -> Shown | None:
    needed = state.download
    if needed is None:
        return None
    size = f"{needed.size_bytes / 1e9:.1f} GB" if needed.size_bytes else "of unknown size"
    return {"reference": needed.reference, "text": f"Download ({size})"}


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
