"""What a run's process does towards the outside, without learning anything: started in its place.

``python standin.py RUN_DIR``. SLAVA_STANDIN says how: ``pace`` seconds per step, ``deaf`` to every
wish, ``wordless`` before its first event, with a child of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from slava.handoff.events import (
    CheckpointEvent,
    DoneEvent,
    EventWriter,
    StateEvent,
    StepEvent,
    ValidationEvent,
)
from slava.handoff.run_folder import RunFolder

HOW = json.loads(os.environ.get("SLAVA_STANDIN", "{}"))


def main() -> int:
    folder = RunFolder(Path(sys.argv[1]))
    if HOW.get("wordless"):
        print("no module named torch")
        return 1
    if HOW.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (folder.root / "sleeper").write_text(str(sleeper.pid))
    else:
        signal.signal(signal.SIGTERM, lambda *_: signalled.append(1))
    folder.create()
    folder.tidy()
    with EventWriter(folder.events) as log:
        log.write(StateEvent("preflight"))
        return _train(folder, log, folder.read_config()["max_steps"])


signalled: list[int] = []


def _train(folder: RunFolder, log: EventWriter, steps: int) -> int:
    listed = folder.list_checkpoints()
    step = listed[-1][0] if listed else 0
    log.write(StateEvent("running"))
    while step < steps:
        time.sleep(HOW.get("pace", 0))
        if signalled:
            log.write(StateEvent("interrupted", "ended from outside"))
            return 3
        wish = None if HOW.get("deaf") else folder.wish()
        if wish is not None:
            return _wished(folder, log, wish)
        step += 1
        log.write(StepEvent(step, steps, 1 / step, 1e-3, step, 1.0, 4.0, (0.5, 0.5), 1000))
        with folder.writing_checkpoint(step) as target:
            (target / "weights").write_bytes(b"w" * 100)
        log.write(CheckpointEvent(step, f"checkpoints/{step}"))
    log.write(ValidationEvent(step, 0.5))
    return _saved(folder, log, "done")


def _wished(folder: RunFolder, log: EventWriter, wish: str) -> int:
    if wish == "stop":
        return _saved(folder, log, "stopped")
    log.write(StateEvent("cancelled"))
    return 0


def _saved(folder: RunFolder, log: EventWriter, state: str) -> int:
    log.write(StateEvent("saving"))
    with folder.writing_adapter() as target:
        (target / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    log.write(DoneEvent("adapter", {"accuracy": 0.9}, 1.0, 2000))
    log.write(StateEvent(state))  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
