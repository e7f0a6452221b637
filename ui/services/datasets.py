"""Data sets for a tab: what there is, freezing it, taking pairs in, giving them out.

Freezing, taking in and giving out are jobs in the background, one of each kind at a time. It must
not know how any of it is shown.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from slava.domain import Part, Snapshot, SnapshotId
from slava.errors import BadInput, BadSetting
from slava.packs import FOLDER as PACKS
from slava.packs import load_pack
from store import PairFilter, Store
from store.pairs import Facet
from ui.services.checking import MOST_BY_MEANING
from ui.services.giving_out import GivingOut, States
from ui.services.job import Job, Progress
from ui.services.news import News
from ui.services.uploaded import images_of, table_among, uploaded

if TYPE_CHECKING:
    from slava.handoff.snapshot import Manifest
    from slava.teacher.checks import Embed


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


class Datasets:
    """What a tab asks for; safe to use from any thread."""

    def __init__(self, store: Store, news: News, uploads: Path, embed: Embed | None = None) -> None:
        self._store, self.uploads, self._embed = store, uploads, embed
        self._news = news
        self.freezing: Job[Frozen] = Job("freezing", news, "a snapshot is being made. Wait.")
        self.importing: Job[TakenIn] = Job("import", news, "pairs are being taken in. Wait.")
        self.giving_out = GivingOut(store, news)

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

    # ------------------------------------------------------------------ the end
    def cancel(self) -> None:
        """End what goes on after what is at hand."""
        for job in (self.freezing, self.importing, self.giving_out.job):
            job.cancel()

    def close(self, timeout_s: float) -> None:
        """Cancel, and wait."""
        self.cancel()
        for job in (self.freezing, self.importing, self.giving_out.job):
            job.wait(timeout_s)

    @staticmethod
    def _telling(job: Job[Frozen] | Job[TakenIn]) -> Callable[[str], None]:
        def tell(note: str) -> None:
            job.check()
            job.change(note=note)

        return tell
