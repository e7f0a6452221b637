"""What the opening does about a process that was killed.

Half-written files go; removals that had begun are finished; originals whose row was not reached
(or was lost with a damaged database) get a row. No original
that can still be read is deleted.
"""

from __future__ import annotations

import logging

from slava.domain import MicrographId
from slava.errors import UnreadableMicrograph
from store.database import Database
from store.files import temporary_files
from store.layout import Layout, original_of, preview_of, sidecar_of
from store.micrographs import Micrographs

log = logging.getLogger(__name__)


def recover(database: Database, layout: Layout, micrographs: Micrographs) -> None:
    """Put a workspace in order; needs to be alone with it."""
    for folder in (layout.micrographs, layout.previews):
        for path in temporary_files(folder):
            path.unlink(missing_ok=True)
    micrographs.finish_removals()
    _adopt(layout, micrographs, _ids(database))
    _tidy_sidecars(database, layout, micrographs)
    _tidy_previews(database, layout)


def _ids(database: Database) -> set[MicrographId]:
    return {row[0] for row in database.rows("SELECT id FROM micrographs")}


def _adopt(layout: Layout, micrographs: Micrographs, known: set[MicrographId]) -> None:
    """Rows for the originals that have none; what cannot be read is left for ``verify``."""
    for path in sorted(layout.micrographs.iterdir()):
        named = original_of(path)
        if named is None or named[0] in known:
            continue
        try:
            micrographs.adopt_original(path, named[0])
        except (UnreadableMicrograph, OSError) as error:
            log.warning("left aside: %s (%s)", path.name, error)


def _tidy_sidecars(database: Database, layout: Layout, micrographs: Micrographs) -> None:
    """Take up sidecars whose row was not reached; what replaces none and belongs to none goes."""
    rows = database.rows("SELECT id, coalesce(left(sidecar_sha256, 16), '') FROM micrographs")
    known: dict[str, str] = dict(rows)
    for path in sorted(layout.micrographs.iterdir()):
        named = sidecar_of(path)
        if named is None or known.get(named[0]) == named[1]:
            continue
        if known.get(named[0]) == "":
            micrographs.set_sidecar(named[0], path)
        elif named[0] in known or not _has_original(layout, named[0]):
            path.unlink(missing_ok=True)


def _tidy_previews(database: Database, layout: Layout) -> None:
    """Previews can be drawn again; those of micrographs that are gone go."""
    known = _ids(database)
    for path in layout.previews.iterdir():
        shown = preview_of(path)
        if shown and shown not in known:
            path.unlink(missing_ok=True)


def _has_original(layout: Layout, micrograph_id: MicrographId) -> bool:
    return any(original_of(path) for path in layout.micrographs.glob(f"{micrograph_id}.*"))
