"""Whether an HDF5 file can be read to its end, tried out in a process of its own.

In a damaged file the library behind h5py may go round for ever, where no thread can be stopped,
and allocates whatever the file claims. This module is the program of that process too, which is
why it imports nothing of this project; it must not know what the data sets mean.
"""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__)
MOST_CLAIMED_BYTES, MOST_PACKED = 1 << 30, 8
"""A data set, or a piece of it, may claim the first, or so many times the size of its file."""
WORK_S, BYTES_PER_S = 8, 20_000_000
"""Seconds of computing that the process is given, and how much of a large file it reads in one."""
WAITS = 8
"""So many times as long it may take on a busy machine."""


def check_hdf5(path: Path) -> None:
    """Read everything in a file, elsewhere.

    Raises
    ------
    ValueError
        When it cannot be read, claims more than it can hold, or takes too long.
    """
    work_s = WORK_S + path.stat().st_size // BYTES_PER_S
    try:
        done = subprocess.run(
            [sys.executable, str(PROGRAM), str(path), str(work_s)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=WAITS * work_s,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError("it takes too long to be read") from error
    if done.returncode:
        raise ValueError("its data sets cannot be read")


def read_everything(path: Path) -> None:
    """Every attribute and every data set, one after the other."""
    import h5py

    most = max(MOST_CLAIMED_BYTES, MOST_PACKED * path.stat().st_size)

    def read(_name: str, item: Any) -> None:
        dict(item.attrs)
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            values = max(math.prod(item.shape), math.prod(item.chunks or ()))
            if values * item.dtype.itemsize > most:
                raise ValueError(f"{item.name} claims {values} values")
            item[()]

    with h5py.File(path, "r") as opened:
        dict(opened.attrs)
        opened.visititems(read)


def _limit_work(seconds: int) -> None:
    """Have the system end this process when it has computed for too long."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


if __name__ == "__main__":
    _limit_work(int(sys.argv[2]))
    read_everything(Path(sys.argv[1]))
