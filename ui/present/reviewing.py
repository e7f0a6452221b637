"""Pairs under review: what the panel shows of them, of the pace, and of agreement."""

from __future__ import annotations

from collections.abc import Mapping

from slava.domain import Review, ReviewedPair
from slava.metrics.agreement import Agreement
from store.review_figures import Pace
from ui.present.words import Shown
from ui.services.reviewing import Detail, Progress


def pair(detail: Detail, base: str) -> Shown:
    """A pair with all that stands around it; texts of the draft beside those that count."""
    reviewed, by = detail.reviewed, detail.reviewed.pair.drafting
    drafted = reviewed.pair
    return {
        **row(reviewed),
        "drafted": {
            "question": drafted.question,
            "answer": drafted.answer,
            "detailed": drafted.detailed,
        },
        "paraphrases": list(drafted.paraphrases),
        "facts": list(by.facts),
        "micrographs": [
            {
                "id": at,
                "name": record.name if record else "a micrograph that was removed",
                "gone": record is None,
                "label": label.label or "" if label else "",
                "preview": f"{base}/m/{at}/preview.png?size=256",
            }
            for at, record, label in zip(
                drafted.micrograph_ids, detail.micrographs, detail.labels, strict=True
            )
        ],
        "provenance": _provenance(detail),
        "history": [_review(one) for one in detail.history],
    }


def row(reviewed: ReviewedPair) -> Shown:
    """A pair as a line of a list."""
    drafted = reviewed.pair
    flags = sorted(reviewed.flags, key=lambda flag: -flag.severity)
    return {
        "id": drafted.id,
        "state": reviewed.state,
        "question": reviewed.question,
        "answer": reviewed.answer,
        "detailed": reviewed.detailed,
        "kind": drafted.kind,
        "aspect": drafted.aspect,
        "category": drafted.category,
        "teacher": drafted.drafting.teacher,
        "flags": [{"kind": f.kind, "detail": f.detail, "severity": f.severity} for f in flags],
        "reviewers": list(reviewed.reviewers),
        "seen": reviewed.reviews,
        "micrograph": drafted.micrograph_ids[0],
    }


def progress(now: Progress) -> Shown:
    """Counts by state, choices for filters, the session."""
    return {
        "states": dict(now.by_state),
        "meant": dict(now.meant),
        "facets": {name: dict(counts) for name, counts in now.facets.items()},
        "pace": _pace(now.pace),
        "agreements": [_agreement(one) for one in now.agreements],
        "reviewers_wanted": now.reviewers_wanted,
        "skipped": now.skipped,
    }


def _provenance(detail: Detail) -> list[list[str]]:
    """Lines of two: what, and which."""
    drafted, request = detail.reviewed.pair, detail.request
    by = drafted.drafting
    lines = [["teacher", by.teacher], ["model", by.model], ["prompt", by.prompt_version]]
    if request is not None:
        read, written = request.tokens
        lines.append(["cost", f"{request.cost_usd:.4f} USD for the request"])
        lines.append(["tokens", f"{read} read, {written} written"])
        lines.append(["drafted", request.finished_at.replace("T", " ")[:16]])
    elif by.teacher == "local":
        lines.append(["cost", "none: drafted on this machine"])
    settings = ", ".join(f"{k} {v}" for k, v in by.parameters.items() if v not in (None, ""))
    lines.append(["settings", settings])
    lines.append(["source", drafted.group])
    return [line for line in lines if line[1]]


def _review(review: Review) -> Shown:
    return {
        "reviewer": review.reviewer,
        "verdict": review.verdict,
        "reason": review.reason or "",
        "comment": review.comment,
        "question": review.question,
        "answer": review.answer,
        "detailed": review.detailed,
        "undone": review.undone,
        "at": review.reviewed_at.replace("T", " ")[:16],
    }


def _pace(pace: Pace) -> Shown:
    return {
        "count": pace.count,
        "minutes": pace.minutes,
        "per_minute": pace.per_minute,
        "by_verdict": dict(pace.by_verdict),
        "median_seconds": pace.median_seconds,
        "by_drafting": [
            {
                "name": " · ".join(filter(None, (d.teacher, d.model))),
                "prompt": d.prompt_version,
                "judged": d.judged,
                "kept": d.kept,
            }
            for d in pace.by_drafting
        ],
    }


def _agreement(found: Agreement) -> Mapping[str, object]:
    return {
        "first": found.first,
        "second": found.second,
        "count": found.count,
        "observed": found.observed,
        "kappa": found.kappa,
    }
