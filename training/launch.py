"""A run's process from outside: start it, find it again, end it. The parent side: no torch.

It is a process of its own in a group of its own, with its output in the run's ``log.txt``; it goes
on when whoever started it ends. It is known by its id and its start time, which stand in the run's
folder. It must not know of queues, rows or windows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from slava.handoff.kept import RunProcess, read_process, write_process
from slava.handoff.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[1]
"""Where ``python -m training`` finds this package."""
SAME_START_S = 1.5
"""Start times are read from a coarse clock; a process id is not reused so quickly."""
POLL_S = 0.05
GRACE_S = 10.0
"""How long a process that was asked to end is waited for before the next, harder means."""


@dataclass(slots=True)
class Child:
    """A run's process, started here or found again."""

    process: RunProcess
    _popen: subprocess.Popen[bytes] | None = None

    def alive(self) -> bool:
        """Whether it is at work; one that has ended and was not waited for is not."""
        if self._popen is not None:
            return self._popen.poll() is None
        return _process(self.process) is not None

    @property
    def exit_code(self) -> int | None:
        """What it ended with; ``None`` while it works, or where somebody else started it."""
        return self._popen.poll() if self._popen is not None else None

    def terminate(self) -> None:
        """Ask it to end: where there are signals it writes a checkpoint before.

        Windows has no polite signal: nothing happens there, use :meth:`kill`.
        """
        found = _process(self.process)
        if found is not None and os.name != "nt":
            with suppress(psutil.Error):
                found.terminate()

    def kill(self) -> None:
        """End it and everything that it has started, and see it gone."""
        found = _process(self.process)
        if found is not None:
            try:
                tree = [*found.children(recursive=True), found]
            except psutil.Error:
                tree = [found]
            for one in tree:
                with suppress(psutil.Error):
                    one.kill()
            psutil.wait_procs(tree, timeout=GRACE_S)
        if self._popen is not None:
            self._popen.wait(GRACE_S)

    def wait(self, timeout_s: float) -> bool:
        """Whether it has ended within a time."""
        end = time.monotonic() + timeout_s
        while self.alive():
            if time.monotonic() > end:
                return False
            time.sleep(POLL_S)
        return True

    def let_go(self) -> None:
        """Go on without it: nobody here waits for its end any more."""
        if self._popen is not None and self._popen.poll() is None:
            self._popen.returncode = 0  # otherwise Python complains that it was forgotten
        self._popen = None


def command(folder: RunFolder) -> list[str]:
    """What is started for a run."""
    return [sys.executable, "-m", "training", str(folder.root)]


def start(folder: RunFolder) -> Child:
    """Start the process of a run; it outlives this one.

    Raises
    ------
    OSError
        When it cannot be started, or its output not be written.
    """
    with folder.log.open("ab") as log:
        popen = subprocess.Popen(
            command(folder),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            close_fds=True,
            start_new_session=os.name != "nt",
            creationflags=_windows_flags(),
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        )
    process = RunProcess(popen.pid, _started(popen.pid))
    child = Child(process, popen)
    try:
        write_process(folder.root, process)
    except OSError:
        child.kill()
        raise
    return child


def find(folder: RunFolder) -> Child | None:
    """The process of a run, if one is alive, whoever started it."""
    known = read_process(folder.root)
    if known is not None and _process(known) is not None:
        return Child(known)
    wanted = command(folder)[1:]
    for process in psutil.process_iter(["pid", "cmdline", "create_time", "status"]):
        said: Sequence[str] = process.info["cmdline"] or ()
        if list(said[1:]) == wanted and process.info["status"] != psutil.STATUS_ZOMBIE:
            return Child(RunProcess(process.info["pid"], process.info["create_time"]))
    return None


def sweep(folder: RunFolder) -> None:
    """Remove what a run that was cancelled has left: weights and half-written files."""
    for path in (folder.checkpoints, folder.adapter):
        shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        folder.tidy()
    folder.clear_wish()


def last_words(folder: RunFolder, length: int = 300) -> str:
    """The last line that it printed, for when it said nothing else."""
    try:
        with folder.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 8192))
            lines = log.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:length] if said else ""


def _process(known: RunProcess) -> psutil.Process | None:
    """The process of that id, if it is that very one and has not ended."""
    try:
        found = psutil.Process(known.pid)
        same = abs(found.create_time() - known.started) < SAME_START_S
        return found if same and found.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _started(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return time.time()


def _windows_flags() -> int:
    """No console window, and Ctrl+C in the one of the app does not reach it."""
    if sys.platform != "win32":
        return 0
    return subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
