"""A run from its folder: verify, learn, evaluate, write the adapter; every way it can end.

It tells everything in events and leaves nothing half-written. It must not know who started it.
"""

from __future__ import annotations

import errno
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slava.errors import BadInput, SlavaError
from slava.handoff.events import (
    Event,
    EventWriter,
    FailedEvent,
    StateEvent,
    WarningEvent,
)
from slava.handoff.read_snapshot import read_snapshot
from slava.handoff.run_folder import RunFolder
from slava.handoff.snapshot import SnapshotContent
from training.finetune.config import TrainConfig, config_from
from training.finetune.examples import make_examples
from training.finetune.failures import Failure, explain
from training.finetune.loop import Ending

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3


@dataclass(slots=True)
class Run:
    """One execution of a run's folder."""

    folder: RunFolder
    tell: Callable[[Event], object]
    signalled: bool = False

    def wished(self) -> Ending | None:
        """How the run is to end, if it is."""
        wish = self.folder.wish()
        if wish is not None:
            return "cancelled" if wish == "cancel" else "stopped"
        return "interrupted" if self.signalled else None


def run_folder(root: Path) -> int:
    """Train what ``root`` says, going on from its last checkpoint; the exit code.

    See :mod:`training` for the codes.
    """
    folder = RunFolder(root)
    folder.create()
    folder.tidy()
    with EventWriter(folder.events) as log:
        run = Run(folder, log.write)
        with _signals(run):
            return _guarded(run)


def _guarded(run: Run) -> int:
    """Run, and tell whatever goes wrong."""
    config: TrainConfig | None = None
    try:
        run.tell(StateEvent("preflight"))
        config = config_from(run.folder.read_config())
        content = snapshot_of(run.folder, config)
        return _trained(run, config, content)
    except KeyboardInterrupt:
        return _ended(run, "interrupted")
    except BadInput as error:
        return _failed(run, Failure(str(error)), BAD_INPUT)
    except SlavaError as error:
        return _failed(run, Failure(str(error)), FAILED)
    except Exception as error:
        return _failed(run, explain(error, run.folder, config), FAILED)


def workspace_of(folder: RunFolder, config: TrainConfig) -> Path:
    """Where a run's micrographs are."""
    return Path(config.workspace) if config.workspace else folder.root.resolve().parent.parent


def snapshot_of(folder: RunFolder, config: TrainConfig) -> SnapshotContent:
    """What a run learns from, verified.

    Raises
    ------
    SnapshotDamaged
        If it contradicts its hashes.
    BadInput
        If nothing is to be learnt from it.
    """
    content = read_snapshot(folder.snapshot, workspace_of(folder, config))
    if not content.part("train"):
        raise BadInput("the snapshot's training part is empty. Freeze more pairs.")
    return content


def _trained(run: Run, config: TrainConfig, content: SnapshotContent) -> int:
    from training.finetune.session import Session

    examples = make_examples(content, classification=config.classification)
    if not examples.part("validation"):
        run.tell(WarningEvent(
            "The snapshot has no validation part: the last weights are kept, not the best, and the "
            "run does not end early."
        ))  # fmt: skip
    session = Session(run.folder, run.tell, run.wished, config, content, examples)
    ending = session.train()
    if ending in ("cancelled", "interrupted"):
        return _ended(run, ending)
    run.tell(StateEvent("saving"))
    done = session.finish()
    if run.wished() == "cancelled":
        return _ended(run, "cancelled")
    run.tell(done)
    run.tell(StateEvent("stopped" if ending == "stopped" else "done"))
    return DONE


def _ended(run: Run, ending: Ending) -> int:
    if ending == "cancelled":
        shutil.rmtree(run.folder.checkpoints, ignore_errors=True)
        shutil.rmtree(run.folder.adapter, ignore_errors=True)
        run.folder.tidy()
        run.tell(StateEvent("cancelled", "cancelled on request; no weights were kept"))
        return DONE
    run.tell(StateEvent("interrupted", "ended from outside; resume it to go on"))
    return INTERRUPTED


def _failed(run: Run, failure: Failure, code: int) -> int:
    print(f"slava: {failure.reason} {failure.way_out}".rstrip(), file=sys.stderr)
    try:
        run.tell(FailedEvent(failure.reason, failure.way_out, failure.details))
        run.tell(StateEvent("failed", failure.reason))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"slava: {failure.details}", file=sys.stderr)
    return code


@contextmanager
def _signals(run: Run) -> Iterator[None]:
    """Within the block SIGTERM and Ctrl+C end the run between two micro-batches."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(_number: int, _frame: Any) -> None:
        run.signalled = True

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
