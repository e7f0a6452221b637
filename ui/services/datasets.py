"""Data sets for a tab: what there is, freezing it, taking pairs in, giving them out.

Freezing, taking in and giving out are jobs in the background, one of each kind at a time. It must
not know how any of it is shown.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from slava.domain import Part, Snapshot, SnapshotId
from slava.errors import BadInput, BadSetting
from slava.packs import FOLDER as PACKS
from slava.packs import load_pack
from store import PairFilter, Store
from store.layout import TEMPORARY_PREFIX
from store.pairs import Facet
from ui.services.checking import MOST_BY_MEANING
from ui.services.job import Job, Progress
from ui.services.news import News
from ui.services.uploaded import images_of, table_among, uploaded

if TYPE_CHECKING:
    from slava.handoff.snapshot import Manifest
    from slava.teacher.checks import Embed

States = Literal["accepted", "all"]

EXPORTS = "exports"
_NAME = re.compile(r"[\w][\w .()+-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen(Progress):
    """A snapshot being made, or made."""

    name: str
    snapshot: Snapshot | None = None
    known: bool = False
    """The same pairs in the same parts were frozen before."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn(Progress):
    """Pairs of another program being taken in."""

    title: str
    format: str = ""
    records: int = 0
    added: int = 0
    known: int = 0
    repeated: int = 0
    micrographs: int = 0
    """New ones."""
    problems: tuple[str, ...] = ()
    by_meaning: bool = True
    """Whether texts that say the same in other words were looked for as well."""


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


class Datasets:
    """What a tab asks for; safe to use from any thread."""

    def __init__(self, store: Store, news: News, uploads: Path, embed: Embed | None = None) -> None:
        self._store, self.uploads, self._embed = store, uploads, embed
        self._news = news
        self.freezing: Job[Frozen] = Job("freezing", news, "a snapshot is being made. Wait.")
        self.importing: Job[TakenIn] = Job("import", news, "pairs are being taken in. Wait.")
        self.exporting: Job[GivenOut] = Job("export", news, "an export is being written. Wait.")

    # ------------------------------------------------------------------ what there is
    def count_by(self, facet: Facet) -> dict[str, dict[str, int]]:
        """Pairs by a facet, and of each kind how many are in which state."""
        states = self._store.pairs.count_by("state")
        counted: dict[str, dict[str, int]] = {
            name: {} for name in self._store.pairs.count_by(facet)
        }
        for state in states:
            of_state = PairFilter(state=state)  # type: ignore[arg-type]
            for name, count in self._store.pairs.count_by(facet, of_state).items():
                counted.setdefault(name, {})[state] = count
        return counted

    def states(self) -> dict[str, int]:
        """How many pairs are in each state."""
        return self._store.pairs.count_by("state")

    def snapshots(self) -> list[Snapshot]:
        """Newest first."""
        return self._store.snapshots.list_snapshots()

    def manifest(self, snapshot_id: str) -> Manifest:
        """What a snapshot says of itself, its hashes verified."""
        known = self._store.snapshots.get_snapshot(snapshot_id).id
        return self._store.snapshots.read_snapshot(known).manifest

    def remove(self, snapshot_id: str) -> None:
        """Forget a snapshot; its pairs stay."""
        self._store.snapshots.remove_snapshot(SnapshotId(snapshot_id))
        self._news.tell()

    # ------------------------------------------------------------------ freezing
    def freeze(self, name: str, states: States, fractions: Mapping[Part, float], seed: int) -> None:
        """Make a snapshot in the background.

        Raises
        ------
        BadSetting
            If it has no name, or the fractions are none.
        ModelError
            If one is being made.
        """
        from slava.handoff.splitting import check_fractions

        if not name.strip():
            raise BadSetting("a snapshot needs a name.")
        shares = check_fractions(fractions)

        def work() -> None:
            added = self._store.snapshots.add_snapshot(
                name,
                states=states,
                fractions=shares,
                seed=seed,
                on_progress=self._telling(self.freezing),
            )
            self.freezing.change(
                snapshot=added.snapshot,
                known=added.known,
                left_out=dict(added.left_out),
                warnings=added.warnings,
                note="",
            )

        self.freezing.begin(Frozen(name=name.strip(), note="looking at pairs"), work)

    # ------------------------------------------------------------------ taking in
    def import_upload(self, token: str, images: str, pack: str) -> None:
        """Take in what was uploaded under a token; the upload is deleted afterwards.

        Raises
        ------
        BadInput
            If there is no table among it.
        ModelError
            If pairs are being taken in.
        """
        folder = uploaded(self.uploads, token)
        try:
            found = table_among(folder)
            beside = Path(images).expanduser() if images.strip() else images_of(found, folder)
            self._begin_import(found, beside, pack, lambda: shutil.rmtree(folder, True))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def import_path(self, path: str, images: str, pack: str) -> None:
        """Take in a file or folder of this machine.

        Raises
        ------
        BadInput
            If no path is given.
        ModelError
            If pairs are being taken in.
        """
        if not path.strip():
            raise BadInput("no file is given. Choose one, drop one, or type its path.")
        beside = Path(images).expanduser() if images.strip() else None
        self._begin_import(Path(path.strip()).expanduser(), beside, pack, lambda: None)

    def _begin_import(
        self, path: Path, images: Path | None, pack: str, tidy: Callable[[], object]
    ) -> None:
        chosen = load_pack(pack, self._store.workspace / PACKS)

        def work() -> None:
            from slava.exchange.formats import import_pairs, table_of, told_format
            from slava.teacher.checks import rules_of
            from store.exchange import receive_pairs

            try:
                table = table_of(path)
                format_ = told_format(table)
                imported = import_pairs(table, images, format_)
                embed = self._embed if len(imported.pairs) <= MOST_BY_MEANING else None
                self.importing.change(
                    format=format_,
                    records=imported.records,
                    repeated=imported.repeated,
                    by_meaning=embed is not None,
                )
                told = self._telling(self.importing)
                rules = rules_of(chosen)
                received = receive_pairs(self._store, imported, told, rules=rules, embed=embed)
                self.importing.change(
                    added=len(received.added),
                    known=len(received.known),
                    micrographs=received.micrographs_added,
                    problems=tuple(str(problem) for problem in received.problems),
                    note="",
                )
            finally:
                tidy()
                self._news.tell_library()

        self.importing.begin(TakenIn(title=path.name, note="reading the file"), work)

    # ------------------------------------------------------------------ giving out
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

    def export(self, format_: str, states: States, snapshot: str, name: str) -> None:
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
            self.exporting.change(
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
            self.exporting.change(
                pairs=written.pairs, images=written.images, files=written.files, note=""
            )

        record = GivenOut(format=chosen, out=out, command=command, note="looking at pairs")
        self.exporting.begin(record, work)

    # ------------------------------------------------------------------ the end
    def cancel(self) -> None:
        """End what goes on after what is at hand."""
        for job in (self.freezing, self.importing, self.exporting):
            job.cancel()

    def close(self, timeout_s: float) -> None:
        """Cancel, and wait."""
        self.cancel()
        for job in (self.freezing, self.importing, self.exporting):
            job.wait(timeout_s)

    @staticmethod
    def _telling(job: Job[Frozen] | Job[TakenIn]) -> Callable[[str], None]:
        def tell(note: str) -> None:
            job.check()
            job.change(note=note)

        return tell


def export_command(format_: str, states: str, snapshot: str, out: Path, workspace: Path) -> str:
    """What would do the same in a terminal."""
    of = ["--snapshot", snapshot] if snapshot else ["--state", states]
    parts = ["slava", "export", "--format", format_, *of, "--out", str(out)]
    parts += ["--workspace", str(workspace)]
    return subprocess.list2cmdline(parts) if os.name == "nt" else shlex.join(parts)
