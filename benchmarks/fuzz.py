"""What happens to files that went wrong: thousands of mutations of real ones, each inspected.

Every one is written to a folder of its own and inspected in a worker process, as ``slava
inspect`` does it. It may become a micrograph or one line that names the file, within 10 seconds
of work and 2 GB of memory, and nothing may be printed; everything else is a fault.

    python benchmarks/fuzz.py --files DIR --count 2000
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import selectors
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

RESULT = Path(__file__).parent / "results" / "fuzz.json"
WORK_S, WAIT_S, START_S = 10.0, 60.0, 300.0
"""Seconds of work after which it hangs, of waiting (for a lock, say; the machine is shared), and
of starting."""
MOST_BYTES = 2 << 30
LETTERS_OF_EVERY = 25
"""One in so many has its letters read too, which takes a second."""

PICTURES = (".tif", ".bmp", ".dm3", ".ser", ".emd", ".elid", ".gz", ".zip", ".png", ".jpg")
SIDECARS = (".txt", ".emi")


@dataclass(frozen=True)
class Result:
    """What came of one mutation."""

    index: int
    file: str
    change: str
    outcome: str
    """``micrograph``, ``refused``, or the fault."""
    seconds: float
    peak_bytes: int
    said: str = ""

    @property
    def fault(self) -> bool:
        return self.outcome not in ("micrograph", "refused")


def specimens(root: Path) -> list[Path]:
    """All vendor files of the real data, and some PNG and JPEG of it."""
    vendor = [p for p in sorted((root / "vendor").rglob("*")) if p.suffix.lower() in PICTURES]
    others = sorted((root / "scale_bars").glob("*.png"))[:3]
    others += sorted((root / "nffa").rglob("*.jpg"))[:3]
    return vendor + others


def fuzz(files: Sequence[Path], indexes: Sequence[int]) -> Iterator[Result]:
    """Inspect the mutations with these numbers; a worker that dies or hangs is replaced."""
    worker: Worker | None = None
    try:
        for index in indexes:
            if worker is None:
                worker = Worker(files)
            result = worker.ask(index)
            if worker.gone:
                worker.end()
                worker = None
            yield result
    finally:
        if worker is not None:
            worker.end()


class Worker:
    """The process that inspects."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self.gone = False
        self._send([str(path) for path in files])
        if self._answer(START_S, START_S) is None:  # it imports everything
            raise RuntimeError("the worker did not start")

    def ask(self, index: int) -> Result:
        """Have one inspected."""
        begun = time.monotonic()
        self._send(index)
        said = self._answer(WAIT_S)
        if said is not None:
            return Result(**said)
        path, _, change = mutation(self._files, index)
        code = self._process.poll()
        outcome = "hang" if code is None else f"crash ({code})"
        self.gone = True
        return Result(index, path.name, change, outcome, time.monotonic() - begun, 0)

    def end(self) -> None:
        """Kill it and take back what it held."""
        self._process.kill()
        self._process.communicate()

    def _send(self, what: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        self._process.stdin.flush()

    def _answer(self, wait_s: float, work_s: float = WORK_S) -> Any:
        """The next line; ``None`` when it has died, or worked or waited for too long."""
        assert self._process.stdout
        begun, work = time.monotonic(), self._work_s()
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ)
            while not ready.select(0.2):
                idle = time.monotonic() - begun > wait_s
                if idle or self._work_s() - work > work_s:
                    return None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            return None
        return json.loads(line)

    def _work_s(self) -> float:
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.NoSuchProcess:
            return 0.0
        return float(times.user + times.system)


def mutation(files: Sequence[Path], index: int) -> tuple[Path, dict[str, bytes], str]:
    """The original of a number, the contents of the files to lay down, and what was changed.

    Every original has its turn; one in six of those with a sidecar keeps its own bytes, and the
    sidecar is changed.
    """
    from benchmarks.mutations import mutate

    rng = np.random.default_rng([2026, index])
    path = files[index % len(files)]
    contents = {path.name: path.read_bytes()}
    beside = _sidecar(path)
    if beside:
        contents[beside.name] = beside.read_bytes()
    target = beside.name if beside and rng.random() < 1 / 6 else path.name
    contents[target], change = mutate(contents[target], rng)
    return path, contents, change if target == path.name else f"{change} of the sidecar"


def _sidecar(path: Path) -> Path | None:
    stem = path.stem.rpartition("_")[0] if path.suffix == ".ser" else path.stem
    found = (path.with_name(stem + suffix) for suffix in SIDECARS)
    return next((each for each in found if each.is_file()), None)


# ---------------------------------------------------------------- in the worker
def serve() -> None:
    """Inspect what is asked for, one number a line; whatever is printed is a fault."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    with tempfile.TemporaryDirectory(prefix="slava-fuzz-") as folder:
        printed = os.open(Path(folder) / "printed", os.O_RDWR | os.O_CREAT)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        files = [Path(text) for text in json.loads(sys.stdin.readline())]
        for path in files:
            _inspect(path, letters=False)
        answers.write("true\n")
        for line in sys.stdin:
            result = _one(files, int(line), Path(folder), printed)
            answers.write(json.dumps(asdict(result)) + "\n")


def _one(files: Sequence[Path], index: int, folder: Path, printed: int) -> Result:
    path, contents, change = mutation(files, index)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    os.ftruncate(printed, 0)
    os.lseek(printed, 0, os.SEEK_SET)
    _forget_peak()
    begun = time.process_time()
    outcome, said = _inspect(folder / path.name, letters=index % LETTERS_OF_EVERY == 0)
    seconds, peak = time.process_time() - begun, _peak_bytes()
    for name in contents:
        (folder / name).unlink()
    if os.fstat(printed).st_size:
        outcome, said = "printed", os.pread(printed, 400, 0).decode(errors="replace")
    if peak > MOST_BYTES:
        outcome = "memory"
    if seconds > WORK_S:
        outcome = "hang"
    return Result(index, path.name, change, outcome, round(seconds, 3), peak, said)


def _inspect(path: Path, *, letters: bool) -> tuple[str, str]:
    """The outcome, and the words of the refusal or of the fault."""
    from slava.errors import BadInput
    from slava.imaging.inspect import inspect_micrograph, to_record

    try:
        inspected = inspect_micrograph(path, databar="needed" if letters else "never")
        micrograph, grey = inspected.micrograph, inspected.grey
        json.dumps(to_record(micrograph), allow_nan=False)
        shape = (micrograph.height_px, micrograph.width_px)
        if grey.shape != shape or not np.isfinite(grey).all():
            return f"grey is {grey.shape} of {shape}, or not finite", ""
    except BadInput as error:
        text = str(error)
        named = text.startswith(f"{path.name}: ") and "\n" not in text
        return "refused" if named else "refused without its name", text
    except Exception as error:
        return f"{type(error).__name__}", str(error)[:400]
    return "micrograph", "; ".join(micrograph.warnings)


def _forget_peak() -> None:
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def _peak_bytes() -> int:
    """The most memory held since :func:`_forget_peak`; where that is not told, what is held now."""
    status = Path("/proc/self/status")
    if not status.exists():
        return int(psutil.Process().memory_info().rss)
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


# ---------------------------------------------------------------- the result file
def report(results: Sequence[Result], files: Sequence[Path]) -> dict[str, Any]:
    """Counts, extremes, and every fault."""
    seconds = np.array([r.seconds for r in results])
    return {
        "mutations": len(results),
        "files": len(files),
        "outcomes": dict(Counter("fault" if r.fault else r.outcome for r in results)),
        "changes": dict(sorted(Counter(r.change for r in results).items())),
        "seconds_median": round(float(np.median(seconds)), 3),
        "seconds_most": round(float(seconds.max()), 3),
        "peak_mb_most": round(max(r.peak_bytes for r in results) / 1e6),
        "slowest": asdict(max(results, key=lambda r: r.seconds)),
        "largest": asdict(max(results, key=lambda r: r.peak_bytes)),
        "limits": {"seconds": WORK_S, "peak_mb": round(MOST_BYTES / 1e6)},
        "faults": [asdict(r) for r in results if r.fault],
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=Path, help="the folder of real data")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of single mutations")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        serve()
        return
    files = specimens(asked.files)
    results = []
    for result in fuzz(files, asked.only or range(asked.count)):
        results.append(result)
        if result.fault or asked.only:
            print(json.dumps(asdict(result)), flush=True)
    if not asked.only:
        RESULT.write_text(json.dumps(report(results, files), indent=2, ensure_ascii=False) + "\n")
        print(RESULT.read_text())


if __name__ == "__main__":
    main()
