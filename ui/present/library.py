"""The library: its list, and the job that adds to it."""

from __future__ import annotations

from collections.abc import Sequence

from slava.domain import Micrograph, MicrographId
from ui.present.words import UNCALIBRATED, Shown, per_pixel
from ui.services.ingesting import Added

THUMBNAIL_PX = 112


def library(
    selected: MicrographId | None, job: Added | None, base: str, version: int, seen: int | None
) -> Shown:
    """What is chosen and the job that adds; the list itself the page fetches when it is newer.

    Parameters
    ----------
    version
        Of the list: :attr:`ui.services.news.News.library`.
    seen
        The news that the page shows with this, where it shows all there is.
    """
    return {
        "selected": selected,
        "job": _job(job) if job else None,
        "version": version,
        "seen": seen,
        "list": f"{base}/library.json",
        "news": f"{base}/news",
    }


def library_items(micrographs: Sequence[Micrograph], base: str) -> list[Shown]:
    """The list on the left, newest first."""
    return [_library_item(m, base) for m in micrographs]


def _library_item(m: Micrograph, base: str) -> Shown:
    said = (m.name, m.instrument.vendor, m.instrument.detector, m.format, m.notes)
    return {
        "id": m.id,
        "name": m.name,
        "calibration": per_pixel(m.nm_per_px) if m.nm_per_px else UNCALIBRATED,
        "calibrated": m.calibration is not None,
        "detail": f"{m.width_px} × {m.height_px} px",
        "words": " ".join(part for part in said if part).replace("µ", "μ"),
        "thumbnail": f"{base}/m/{m.id}/preview.png?size={THUMBNAIL_PX}",
    }


def _job(job: Added) -> Shown:
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
        "fraction": job.fraction,
        "failures": list(job.failures),
    }
