"""The program itself, started as its user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(workspace: Path, **environment: str) -> Iterator[str]:
    """Run ``app.py app`` on a workspace and a free port; yield the address of the window.

    ``environment`` is added to that of this process.
    """
    command = ["app.py", "app", "--json", "--no-browser", "--port", "0", "--workspace"]
    with subprocess.Popen(
        [sys.executable, *command, str(workspace)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()
