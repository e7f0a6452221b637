"""What this machine has: graphics cards, memory, disk. Asked without torch.

It must not know what is trained.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil

from slava.handoff.files import UNFINISHED_PREFIX, write_whole
from slava.settings import visible_cards

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """The first graphics card that training would take."""

    name: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """Another program's work on a graphics card."""

    pid: int
    name: str
    bytes: int


def find_gpu() -> Gpu | None:
    """The card that CUDA counts as the first; ``None`` where there is none."""
    rows = _asked("--query-gpu=name,memory.total,memory.free")
    if not rows or len(rows[0]) != 3:
        return None
    name, total, free = rows[0]
    return Gpu(name, _mib(total), _mib(free))


def list_gpu_processes() -> list[GpuProcess]:
    """What computes on the cards now, without this process and what it has started."""
    own = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))}
    found = []
    for row in _asked("--query-compute-apps=pid,process_name,used_memory"):
        if len(row) == 3 and row[0].isdecimal() and int(row[0]) not in own:
            found.append(GpuProcess(int(row[0]), Path(row[1]).name, _mib(row[2])))
    return found


def free_memory() -> int:
    """Bytes of main memory that a program may take now."""
    return int(psutil.virtual_memory().available)


def free_disk(folder: Path) -> int:
    """Bytes free where a folder is."""
    return shutil.disk_usage(folder).free


def try_to_write(folder: Path) -> str:
    """Write, sync, rename and remove a file; empty when that went well, else why not."""
    probe = folder / f"{UNFINISHED_PREFIX}probe-{uuid.uuid4().hex[:8]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(b"x" * 4096, probe)
    except OSError as error:
        return error.strerror or str(error)
    finally:
        probe.unlink(missing_ok=True)
    return ""


def _asked(query: str) -> list[list[str]]:
    """Rows of the driver's own tool; none where it is missing, slow or refuses.

    The card is chosen by ``CUDA_VISIBLE_DEVICES`` as in CUDA itself.
    """
    tool, visible = shutil.which("nvidia-smi"), visible_cards()
    if tool is None or visible in ("", "-1"):
        return []
    chosen = [f"--id={visible.split(',')[0]}"] if visible else []
    try:
        done = subprocess.run(
            [tool, query, "--format=csv,noheader,nounits", *chosen],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    if done.returncode:
        return []
    return [[cell.strip() for cell in line.split(",")] for line in done.stdout.splitlines() if line]


def _mib(text: str) -> int:
    return int(text) << 20 if text.isdecimal() else 0
