"""Drafting as the window shows it: what is prepared, what is sent, what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from slava.domain import Micrograph
from ui.present.words import Shown, duration
from ui.services.drafting_records import Planning, Sending
from ui.services.job import Progress

if TYPE_CHECKING:
    from slava.packs import Pack
    from slava.teacher.ledger import DraftRequest
    from slava.teacher.payload import Prepared
    from slava.teacher.plan import Plan
    from store.drafts import DraftJob

OUTCOMES = {
    "answered": "drafted",
    "refused": "refused",
    "truncated": "truncated",
    "invalid": "invalid",
    "failed": "failed",
    "uncertain": "uncertain",
    "prepared": "not sent",
    "sent": "on their way",
}
"""What became of a request, in words."""


def usd(amount: float) -> str:
    """``0.0213 USD``."""
    return f"{amount:.4f} USD" if amount < 1 else f"{amount:.2f} USD"


def pack(one: Pack) -> Shown:
    """What of a pack can be chosen."""
    return {
        "id": one.id,
        "title": one.title,
        "aspects": [{"label": a.label, "title": a.title} for a in one.aspects],
        "comparisons": [contrast for contrast, _ in one.comparisons],
    }


def progress(job: Progress) -> Shown:
    """What every job says."""
    return {
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "fraction": job.fraction,
        "error": job.error,
        "note": job.note,
        "left": "" if job.eta_s is None else f"{duration(job.eta_s)} left",
    }


def planning(job: Planning | None) -> Shown | None:
    """How far preparing is."""
    if job is None:
        return None
    shown = progress(job)
    return {**shown, "text": f"{job.note}: {job.done} of {job.total}"}


def sending(job: Sending | None) -> Shown | None:
    """How far drafting is, with the money."""
    if job is None:
        return None
    parts = [f"{job.done} of {job.total}", f"{job.pairs} new pairs"]
    if job.job_id:
        cap = "" if job.cap_usd is None else f" of {usd(job.cap_usd)}"
        parts.append(f"{usd(job.spent_usd)}{cap} spent")
        if job.maybe_usd:
            parts.append(f"at most {usd(job.maybe_usd)} more on its way or uncertain")
    else:
        parts.append("on this machine, free")
    shown = progress(job)
    parts += [shown["left"]] * bool(shown["left"])
    parts += ["stopped at the cost cap"] * job.capped
    return {
        **shown,
        "text": " · ".join(parts),
        "job": job.job_id,
        "pairs": job.pairs,
        "outcomes": outcomes(job.outcomes),
    }


def outcomes(counts: Mapping[str, int]) -> list[Shown]:
    """Counts in the order in which they are read."""
    return [
        {"state": state, "title": title, "count": counts[state]}
        for state, title in OUTCOMES.items()
        if counts.get(state)
    ]


def plan(prepared: Plan, left_out: Sequence[str]) -> Shown:
    """What is agreed to, without the requests themselves."""
    said = prepared.summary()
    return {
        "host": said["host"],
        "model": said["model"],
        "hash": said["payload_hash"],
        "requests": said["requests"],
        "micrographs": said["micrographs"],
        "sizes": said["picture_sizes"],
        "bytes": said["picture_bytes"],
        "notes": said["picture_notes"],
        "tokens_read": said["tokens_read"],
        "tokens_written": said["tokens_written_at_most"],
        "cost": usd(said["cost_usd_at_most"]) if said["price_known"] else "",
        "cost_usd": said["cost_usd_at_most"],
        "likely": usd(said["cost_usd_likely"]) if said["price_known"] else "",
        "price_known": said["price_known"],
        "free": said["price_known"] and said["cost_usd_at_most"] == 0,
        "skipped": said["skipped"],
        "left_out": list(left_out),
    }


def request(one: Prepared, names: Mapping[str, str], base: str) -> Shown:
    """One request as it is sent, its pictures by address."""
    from slava.teacher.payload import shown_body

    return {
        "id": one.id,
        "title": _title(one),
        "of": [names.get(i, i[:12]) for i in one.ask.micrograph_ids],
        "json": json.dumps(shown_body(one), ensure_ascii=False, indent=2),
        "pictures": [
            {
                "url": f"{base}/curate/draft/picture/{one.id}/{n}",
                "text": f"{p['width_px']} × {p['height_px']} px, {int(p['bytes']) // 1024} kB",
                "notes": list(p["notes"]),
            }
            for n, p in enumerate(one.pictures)
        ],
        "tokens": f"{one.tokens_read} tokens read, at most {one.tokens_written} written",
        "cost": usd(one.cost_usd),
    }


def job(one: DraftJob, counts: Mapping[str, int], left: bool) -> Shown:
    """A drafting job of the workspace."""
    by = one.settings
    return {
        "id": one.id,
        "status": one.status,
        "reason": one.reason,
        "host": _host(str(by.get("url", ""))),
        "model": str(by.get("model", "")),
        "began": one.started_at.replace("T", " ")[:16],
        "total": one.total,
        "cap": "" if one.cap_usd is None else usd(one.cap_usd),
        "outcomes": outcomes(counts),
        "uncertain": 0 if left else counts.get("uncertain", 0),
        "rest": sum(counts.get(s, 0) for s in ("prepared", "failed", "uncertain")),
    }


def outcome(one: DraftRequest, names: Mapping[str, str]) -> Shown:
    """One request of a job as a row."""
    from slava.teacher.payload import Prepared

    kept = Prepared.from_json(one.id, one.payload_json)
    return {
        "id": one.id,
        "title": _title(kept),
        "of": [names.get(i, i[:12]) for i in kept.ask.micrograph_ids],
        "reason": one.reason,
        "cost": usd(one.cost_usd),
    }


def response(one: DraftRequest) -> Shown:
    """What came back, as it came; JSON is laid out."""
    raw = one.raw_response
    with suppress(ValueError):
        raw = json.dumps(json.loads(raw), ensure_ascii=False, indent=2)
    sent: Any = json.loads(one.payload_json).get("request", {})
    return {
        "id": one.id,
        "state": OUTCOMES[one.state],
        "reason": one.reason,
        "raw": raw,
        "sent": json.dumps(sent, ensure_ascii=False, indent=2),
        "tokens": f"{one.tokens[0]} read, {one.tokens[1]} written",
        "cost": usd(one.cost_usd),
        "attempts": one.attempts,
    }


def micrograph(m: Micrograph, label: str, pairs: int, said: tuple[str, int], base: str) -> Shown:
    """A row of the list of micrographs; ``said`` of its composition data and by its paper."""
    return {
        "id": m.id,
        "name": m.name,
        "label": label,
        "pairs": pairs,
        "confidential": m.confidential,
        "licence": m.licence,
        "composition": said[0],
        "paper": said[1],
        "preview": f"{base}/m/{m.id}/preview.png",
    }


def _host(url: str) -> str:
    """As pairs name their teacher."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or url


def _title(one: Prepared) -> str:
    ask = one.ask
    if ask.template == "comparison":
        return f"comparison, {(ask.contrast or '').replace('_', ' ')}"
    return ask.aspect.replace("_", " ") if ask.template == "vqa" else str(ask.template)
