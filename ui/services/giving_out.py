"""Pairs written for another program into ``exports/``, in the background, one export at a time.

It must not know how it is shown.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from slava.errors import BadSetting
from store import Store
from store.layout import TEMPORARY_PREFIX
from ui.services.job import Job, Progress
from ui.services.news import News

States = Literal["accepted", "all"]

EXPORTS = "exports"
_NAME = re.compile(r"[\w][\w .()+-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenOut(Progress):
    """An export being written, or written."""

    format: str
    out: Path
    command: str
    pairs: int = 0
    images: int = 0
    files: tuple[str, ...] = ()
    confidential: int = 0
    """Pairs left out because a micrograph of theirs is confidential."""
    gone: int = 0
    """Pairs whose micrograph was removed."""


class GivingOut:
    """What a tab asks for; safe to use from any thread."""

    def __init__(self, store: Store, news: News) -> None:
        self._store = store
        self.job: Job[GivenOut] = Job("export", news, "an export is being written. Wait.")

    def default_name(self, format_: str, states: str, snapshot: str) -> str:
        """A name for an export's folder that is free."""
        what = self._store.snapshots.get_snapshot(snapshot).name[:40] if snapshot else states
        base = re.sub(r"[^\w.-]+", "-", f"{what}-{format_}").strip("-.")
        taken = 1
        name = base
        while (self._store.workspace / EXPORTS / name).exists():
            taken += 1
            name = f"{base}-{taken}"
        return name

    def begin(self, format_: str, states: States, snapshot: str, name: str) -> None:
        """Write pairs for another program into a new folder of ``exports/``.

        Raises
        ------
        BadSetting
            If there is no such format, or the folder cannot be one.
        ModelError
            If an export is being written.
        """
        from slava.exchange.formats import format_of

        chosen = format_of(format_)
        called = name.strip() or self.default_name(chosen, states, snapshot)
        if not _NAME.fullmatch(called) or called.endswith("."):
            raise BadSetting(
                f"the folder {called!r}: use letters, digits, spaces and . - _ only, no path."
            )
        out = self._store.workspace / EXPORTS / called
        if out.exists():
            raise BadSetting(f"there is an export {called!r} already. Choose another name.")
        command = export_command(chosen, states, snapshot, out, self._store.workspace)

        def work() -> None:
            from slava.exchange.formats import export_pairs
            from store.exchange import pairs_to_export

            found = pairs_to_export(self._store, states=states, snapshot=snapshot or None)
            self.job.change(
                note=f"writing {len(found.entries)} pairs, {len(found.exhibits)} micrographs",
                confidential=found.confidential,
                gone=found.gone,
            )
            unfinished = out.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(4)}")
            unfinished.mkdir(parents=True)
            try:
                written = export_pairs(chosen, found.entries, found.exhibits, unfinished)
                unfinished.rename(out)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
            self.job.change(
                pairs=written.pairs, images=written.images, files=written.files, note=""
            )

        record = GivenOut(format=chosen, out=out, command=command, note="looking at pairs")
        self.job.begin(record, work)


def export_command(format_: str, states: str, snapshot: str, out: Path, workspace: Path) -> str:
    """What would do the same in a terminal."""
    of = ["--snapshot", snapshot] if snapshot else ["--state", states]
    parts = ["slava", "export", "--format", format_, *of, "--out", str(out)]
    parts += ["--workspace", str(workspace)]
    return subprocess.list2cmdline(parts) if os.name == "nt" else shlex.join(parts)
