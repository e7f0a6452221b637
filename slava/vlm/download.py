"""Fetching a recommended model, once the user has agreed to its size.

The transfer runs in a child process (:mod:`slava.vlm.download_child`), so that this process stays
offline throughout, and so that stopping is certain. A broken or stopped download is resumed by the
next one. This module knows neither torch nor the hub's library.
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slava.errors import Cancelled, ModelError, ModelNeedsDownload, ModelNotFound
from slava.vlm.memory import gigabytes
from slava.vlm.model_folder import REPOSITORY_ID, find_model

_POLL_SECONDS = 0.2
_GRACE_SECONDS = 5.0


def download_model(
    reference: str,
    *,
    confirmed: bool,
    on_progress: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
    cache_dir: Path | None = None,
) -> Path:
    """Download a model into the local cache, or finish a download that broke off.

    Parameters
    ----------
    reference
        ``owner/name``.
    confirmed
        Whether the user has agreed to the size. Without it only the size is asked for.
    on_progress
        Told how much has come, in words.
    stop
        Ends the download when set; what has come is kept.
    cache_dir
        Another cache than the hub library's own.

    Returns
    -------
    Path
        The folder of the model, also when it had been there already.

    Raises
    ------
    ModelNeedsDownload
        If it is not confirmed; with the size.
    ModelNotFound
        If ``reference`` is no repository id, or the hub knows none of that name.
    ModelError
        If the hub cannot be reached, refuses, or the disk is too small.
    Cancelled
        If ``stop`` was set.
    """
    tell = on_progress or (lambda _text: None)
    if not REPOSITORY_ID.fullmatch(reference):
        raise ModelNotFound(f"{reference} is no repository id. Give it as OWNER/NAME.")
    try:
        return find_model(reference, cache_dir=cache_dir).path
    except ModelNeedsDownload:
        pass
    if not confirmed:
        raise ModelNeedsDownload(reference, ask_size(reference))
    return _Transfer(reference, cache_dir, tell, stop or threading.Event()).run()


def ask_size(reference: str) -> int:
    """The bytes that a download of ``reference`` would fetch, asked of the hub.

    Raises
    ------
    ModelError
        See :func:`download_model`.
    """
    with _child("size", reference, None) as (_, lines):
        record = _next(lines, reference, threading.Event())
    return int(record["size"])


class _Transfer:
    """One running download."""

    def __init__(
        self,
        reference: str,
        cache_dir: Path | None,
        tell: Callable[[str], None],
        stop: threading.Event,
    ) -> None:
        self._reference, self._cache_dir = reference, cache_dir
        self._tell, self._stop = tell, stop
        self._blobs: Path | None = None
        self._size = 0
        self._told = ""

    def run(self) -> Path:
        self._tell(f"{self._reference}: asking for the list of files")
        with _child("fetch", self._reference, self._cache_dir) as (process, lines):
            first = _next(lines, self._reference, self._stop)
            self._blobs, self._size = Path(first["blobs"]), int(first["size"])
            self._require_disk()
            last = _next(lines, self._reference, self._stop, self._report)
            process.wait(_GRACE_SECONDS)
        self._report()
        return Path(last["folder"])

    def _report(self) -> None:
        text = f"{self._reference}: {gigabytes(self._come())} of {gigabytes(self._size)}"
        if text != self._told:
            self._told = text
            self._tell(text)

    def _come(self) -> int:
        """Bytes on the disk so far; a file may be moved while we look."""
        total = 0
        for file in self._blobs.iterdir() if self._blobs else ():
            try:
                total += file.stat().st_size
            except FileNotFoundError:
                continue
        return min(total, self._size)

    def _require_disk(self) -> None:
        assert self._blobs is not None
        free, missing = shutil.disk_usage(self._blobs).free, self._size - self._come()
        if missing > free:
            raise ModelError(
                f"{self._reference} needs {gigabytes(missing)} more on the disk and "
                f"{gigabytes(free)} are free at {self._blobs.parent}. "
                "Make room, or set HF_HOME to a folder on another disk."
            )


@contextmanager
def _child(
    verb: str, reference: str, cache_dir: Path | None
) -> Iterator[tuple[subprocess.Popen[str], queue.Queue[str | None]]]:
    """A running child and its lines; it is ended on leaving, however that happens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "slava.vlm.download_child", verb, reference, str(cache_dir or "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        yield process, lines
    finally:
        _end(process)
        reader.join()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _next(
    lines: queue.Queue[str | None],
    reference: str,
    stop: threading.Event,
    meanwhile: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """The child's next record, or its failure as our error."""
    while True:
        if stop.is_set():
            raise Cancelled(
                f"The download of {reference} was stopped. What has come is kept; "
                "downloading it again goes on from there."
            )
        try:
            line = lines.get(timeout=_POLL_SECONDS)
            break
        except queue.Empty:
            if meanwhile:
                meanwhile()
    record = json.loads(line) if line else {"error": "ended", "text": "the process ended"}
    if "error" in record:
        raise _explained(reference, record["error"], record["text"])
    return dict(record)


def _explained(reference: str, kind: str, text: str) -> ModelError:
    if kind == "unknown":
        return ModelNotFound(
            f"The hub knows no model {reference}. Check the spelling, or choose one from: "
            "slava models"
        )
    words = {
        "gated": f"{reference} asks you to accept its licence first. Do so on its page at the hub, "
        "log in with: hf auth login, and download it again.",
        "unreachable": f"The hub cannot be reached, so {reference} was not downloaded. Check the "
        "connection and try again (what has come is kept), or copy the model's folder here and "
        "give its path.",
        "disk": f"{reference} could not be written to the disk ({text}). Make room and download "
        "it again; what has come is kept.",
        "damaged": f"{reference}: {text}. Download it again.",
    }
    return ModelError(
        words.get(kind, f"{reference} was not downloaded ({text.rstrip('.')}). Try again.")
    )
