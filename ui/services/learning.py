"""An encoder trained on the workspace's own micrographs, by a child process.

The child is given a list of files and writes a folder; its lines are read from a file, so that
nothing it writes can block it. A stop file ends it within a step. It must not know torch, nor
what an encoder is used for.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slava.domain import MicrographId
from slava.errors import BadInput, ModelError
from store import Store
from ui.services.job import Job, Progress
from ui.services.news import News

ROOT = Path(__file__).resolve().parents[2]
"""The child is started where the packages are, so that it finds them."""
FEWEST = 8
"""With fewer micrographs nothing is learnt."""
VIEWS_PER_S = 65.0
"""Pictures of 128 px that a core learns from in a second: 40,000 took one about ten minutes."""
POLL_S = 0.3
STOP_S = 6.0
"""So long a child may take to end by itself."""

Row = tuple[MicrographId, str, str]
"""Id, label (or a word that is none) and source."""


@dataclass(frozen=True, slots=True)
class Learnt(Progress):
    """How far a training has come; ``done`` of ``total`` are its steps."""

    labels: bool
    micrographs: int
    folder: str
    validation: float | None = None
    """Share of the held-out part that is right; ``None`` without labels or before it is known."""
    loss: float | None = None


class Learning:
    """One training at a time; safe to use from any thread.

    ``samples`` views are shown, 0 as many as is usual; ``module`` is what the child runs.
    """

    def __init__(
        self,
        store: Store,
        news: News,
        samples: int = 0,
        *,
        module: str = "training.encoder",
    ) -> None:
        self._store, self._samples, self._module = store, samples, module
        self.folder = store.workspace.resolve() / "encoders"
        self.job = Job[Learnt](
            "learning", news, "an encoder is being trained. Wait for its end, or cancel it."
        )

    def trained(self) -> list[str]:
        """Folders of the encoders that were trained here, newest first."""
        from slava.retrieval.encoder_folder import is_trained

        found = sorted(self.folder.glob("*/"), reverse=True) if self.folder.is_dir() else []
        return [str(folder) for folder in found if is_trained(folder)]

    def estimate_s(self, micrographs: int, *, labels: bool) -> float:
        """Seconds that a training takes on one core, about."""
        from training.encoder.config import EncoderConfig

        usual, views = EncoderConfig(), 1 if labels else 2
        most = usual.most_epochs * views * micrographs
        return min(self._samples or usual.samples, most) / VIEWS_PER_S

    def begin(self, *, labels: bool = True) -> None:
        """Train an encoder on the labelled micrographs, or on all of them without their labels.

        Raises
        ------
        BadInput
            If there are too few, or labels of only one class.
        ModelError
            If a training is under way.
        """
        rows = self._labelled() if labels else self._all()
        if len(rows) < FEWEST or (labels and len({label for _, label, _ in rows}) < 2):
            what = f"{FEWEST} labelled micrographs of two classes" if labels else f"{FEWEST}"
            raise BadInput(f"an encoder needs at least {what}; there are {len(rows)}. Add some.")
        moment = time.strftime("%Y-%m-%d %H.%M.%S")
        output = self.folder / f"{moment} {'labels' if labels else 'without labels'}"
        started = Learnt(labels, len(rows), str(output), note="reading the micrographs")
        self.job.begin(started, lambda: self._train(rows, output, labels=labels))

    # ------------------------------------------------------------------ the work
    def _train(self, rows: Sequence[Row], output: Path, *, labels: bool) -> None:
        self.folder.mkdir(exist_ok=True)
        listed, said, wrong, stop = (
            output.with_name(output.name + end) for end in (".csv", ".jsonl", ".log", ".stop")
        )
        command = [sys.executable, "-m", self._module, str(listed), str(output), "--json"]
        command += [f"--samples={self._samples}"] * (self._samples > 0)
        command += ["--no-labels"] * (not labels)
        try:
            self._write(listed, rows)
            with said.open("wb") as out, wrong.open("wb") as errors:
                child = subprocess.Popen(
                    command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=errors
                )
            try:
                self._follow(child, said)
            finally:
                _end(child, stop)
            self.job.check()
            if child.returncode:
                raise ModelError(_reason(wrong.read_text(encoding="utf-8", errors="replace")))
            self.job.change(note="")
        finally:
            for path in (listed, said, wrong, stop):
                path.unlink(missing_ok=True)

    def _follow(self, child: subprocess.Popen[bytes], said: Path) -> None:
        """Tell what the child writes, until it or the job ends."""
        read = 0
        ended = False
        while not ended and not self.job.stop.wait(POLL_S):
            ended = child.poll() is not None
            with said.open("rb") as lines:
                lines.seek(read)
                whole, line_end, _ = lines.read().rpartition(b"\n")
            read += len(whole) + len(line_end)
            for line in whole.splitlines():
                self._tell(json.loads(line))

    def _tell(self, told: dict[str, float | None]) -> None:
        if "step" not in told:
            return
        step, steps = int(told["step"] or 0), int(told["steps"] or 0)
        self.job.worked(told["seconds"] or 0.0)
        self.job.update(
            lambda now: replace(
                now,
                done=step,
                total=steps,
                note="",
                loss=told["loss"],
                validation=told["validation"],
            )
        )

    def _labelled(self) -> list[Row]:
        known = self._store.labels.list_labelled()
        return [(r.micrograph_id, r.label or "", r.group) for r in known]

    def _all(self) -> list[Row]:
        groups = {i: group for i, _, group in self._labelled()}
        every = self._store.micrographs.list_micrographs()
        return [(m.id, "any", groups.get(m.id, "")) for m in every]

    def _write(self, path: Path, rows: Sequence[Row]) -> None:
        with path.open("w", newline="", encoding="utf-8") as opened:
            table = csv.writer(opened)
            table.writerow(("file", "label", "group"))
            for micrograph_id, label, group in rows:
                file = self._store.micrographs.original_path(micrograph_id)
                table.writerow((file.resolve(), label, group))


def _end(child: subprocess.Popen[bytes], stop: Path) -> None:
    """Ask a child to end; then make it."""
    if child.poll() is not None:
        return
    stop.touch()
    for make in (child.terminate, child.kill):
        try:
            child.wait(STOP_S)
            return
        except subprocess.TimeoutExpired:
            make()
    child.wait(STOP_S)


def _reason(errors: str) -> str:
    """The last sentence that the child said for the user, or its last line."""
    lines = [line for line in errors.splitlines() if line.strip()] or ["it said nothing."]
    told = [line for line in lines if line.startswith("slava: ")]
    return (told or lines)[-1].removeprefix("slava: ")
