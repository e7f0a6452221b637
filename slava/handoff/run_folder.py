"""The folder of a run, ``runs/<run id>/``, so that nobody joins these paths by hand.

- ``snapshot/``: what it learns from (:mod:`slava.handoff.snapshot`).
- ``config.json``: backbone, preset and settings, written before the start, never changed.
- ``events.jsonl``: what happens (:mod:`slava.handoff.events`).
- ``stop``: the wish that it ends; the app writes it, the run looks for it between steps.
- ``checkpoints/<step>/``: whole when ``COMPLETE`` is in it, which lists its files and sizes.
- ``adapter/``: the weights of the end; whole when ``COMPLETE`` is in it, likewise.
- ``log.txt``: what the process printed.

It must not know what is trained, nor how.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from slava.errors import WorkspaceDamaged
from slava.handoff.files import UNFINISHED_PREFIX, sync_file, sync_folder, write_whole

COMPLETE = "COMPLETE"

Wish = Literal["stop", "cancel"]
"""``stop``: end early and keep the weights. ``cancel``: end and keep nothing new."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run."""

    root: Path

    @property
    def snapshot(self) -> Path:
        return self.root / "snapshot"

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def events(self) -> Path:
        return self.root / "events.jsonl"

    @property
    def stop(self) -> Path:
        return self.root / "stop"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def adapter(self) -> Path:
        return self.root / "adapter"

    @property
    def log(self) -> Path:
        return self.root / "log.txt"

    def create(self) -> None:
        """Make the folders; OSError when the disk refuses."""
        self.checkpoints.mkdir(parents=True, exist_ok=True)

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write down what the run was told, whole or not at all."""
        text = json.dumps(dict(config), ensure_ascii=False, indent=2, sort_keys=True)
        write_whole(f"{text}\n".encode("utf-8", "replace"), self.config)

    def read_config(self) -> dict[str, Any]:
        """What the run was told.

        Raises
        ------
        WorkspaceDamaged
            When it is missing, or no JSON object.
        """
        try:
            config = json.loads(self.config.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(self.config, str(error)) from error
        if not isinstance(config, dict):
            raise _damaged(self.config, "it is no JSON object")
        return config

    def request_stop(self, wish: Wish = "stop") -> None:
        """Ask the run to end; it does so after the step under way."""
        write_whole(wish.encode(), self.stop)

    def wish(self) -> Wish | None:
        """Whether somebody has asked the run to end."""
        try:
            return "cancel" if self.stop.read_bytes().strip() == b"cancel" else "stop"
        except FileNotFoundError:
            return None

    def clear_wish(self) -> None:
        """Forget the wish, before the run is resumed."""
        self.stop.unlink(missing_ok=True)

    @contextmanager
    def writing_checkpoint(self, step: int) -> Iterator[Path]:
        """A folder to write a checkpoint into; afterwards it is whole, or it is not there."""
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        with writing_folder(self.checkpoints / str(step)) as folder:
            yield folder

    @contextmanager
    def writing_adapter(self) -> Iterator[Path]:
        """A folder to write the adapter into, likewise."""
        with writing_folder(self.adapter) as folder:
            yield folder

    def list_checkpoints(self) -> list[tuple[int, Path]]:
        """Step and folder of the whole checkpoints, the newest last."""
        if not self.checkpoints.is_dir():
            return []
        named = [path for path in self.checkpoints.iterdir() if path.name.isdecimal()]
        return sorted((int(path.name), path) for path in named if is_complete(path))

    def tidy(self) -> None:
        """Remove what a killed run left half-written; not while it is alive.

        Half-written files beside its log are the app's, which may be at them just now.
        """
        for place in (self.root, self.checkpoints):
            for path in place.glob(f"{UNFINISHED_PREFIX}*"):
                if path.is_dir():
                    shutil.rmtree(path)


@contextmanager
def writing_folder(target: Path) -> Iterator[Path]:
    """Write a folder under another name, put it on the disk, rename it, mark it as complete.

    A folder of that name that was there before is replaced.

    Raises
    ------
    OSError
        When the disk refuses; then ``target`` is as it was, but for what the marking left.
    """
    unfinished = target.with_name(f"{UNFINISHED_PREFIX}{target.name}-{uuid.uuid4().hex[:8]}")
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        files = sorted(path for path in unfinished.rglob("*") if path.is_file())
        for path in files:
            sync_file(path)
        sizes = {path.relative_to(unfinished).as_posix(): path.stat().st_size for path in files}
        sync_folder(unfinished)
        if target.exists():
            shutil.rmtree(target)
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sync_folder(target.parent)
    write_whole(json.dumps(sizes, indent=2).encode(), target / COMPLETE)


def is_complete(folder: Path) -> bool:
    """Whether a folder of :func:`writing_folder` is whole: every listed file has its size."""
    try:
        sizes = json.loads((folder / COMPLETE).read_bytes())
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def _damaged(path: Path, reason: str) -> WorkspaceDamaged:
    return WorkspaceDamaged(
        f"{path} cannot be read: {reason}. Start the training again from its snapshot."
    )
