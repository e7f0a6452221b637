"""An evaluation as a file: the one-file report, or a table of its answers.

It must not know where files go.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np

from slava.domain import MicrographId
from slava.errors import BadSetting, SlavaError, WorkspaceError
from slava.evaluation.results import Results
from slava.handoff.files import write_whole
from slava.imaging.display import stretch
from store import Store

SIDE_PX = 480
QUALITY = 80


def write_results(store: Store, results: Results, target: Path) -> Path:
    """Write ``target``: .html, .csv or .parquet. A report is made to be passed on: pictures of
    confidential micrographs are left out of it, and it says how many.

    Raises
    ------
    BadSetting
        If it is none of these.
    WorkspaceError
        When the disk refuses.
    """
    from slava.evaluation.files import write_csv, write_parquet
    from slava.evaluation.report import report_html

    kind = target.suffix.lower()
    if kind not in (".html", ".csv", ".parquet"):
        raise BadSetting(f"{target.name}: a report is .html, a table .csv or .parquet.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind == ".csv":
            write_csv(results, target)
        elif kind == ".parquet":
            write_parquet(results, target)
        else:
            secret = confidential(store, results)
            if secret:
                told = f"The pictures of {len(secret)} confidential micrographs are left out."
                results = replace(results, notes=(*results.notes, told))
            written = report_html(results, lambda at: None if at in secret else picture(store, at))
            write_whole(written.encode("utf-8", "replace"), target)
    except OSError as error:
        raise WorkspaceError(
            f"{target} cannot be written: {error.strerror or error}. Choose another place."
        ) from error
    return target


def confidential(store: Store, results: Results) -> set[MicrographId]:
    """The micrographs of an evaluation that may not leave this machine."""
    shown = store.test_sets.list_micrographs(row.item.micrograph_id for row in results.rows)
    return {micrograph.id for micrograph in shown if micrograph.confidential}


def picture(store: Store, micrograph_id: MicrographId) -> bytes | None:
    """A small JPEG of what a model is shown; ``None`` where it cannot be read any more."""
    from PIL import Image

    try:
        record = store.micrographs.get_micrograph(micrograph_id)
        grey = store.micrographs.read_grey(micrograph_id)
    except SlavaError:
        return None
    box = record.picture
    pixels = stretch(grey[box.top : box.bottom, box.left : box.right])
    shown = Image.fromarray(np.ascontiguousarray(pixels))
    shown.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    shown.convert("L").save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
