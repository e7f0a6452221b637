"""``python -m training RUN_DIR``: the child that fine-tunes. See :mod:`training`."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Train the run of the folder that is given; the exit code of :mod:`training`."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(sys.argv[1])
    if not root.is_dir():
        print(f"slava: there is no run folder {root}.", file=sys.stderr)
        return 2
    from training.finetune.run import run_folder

    return run_folder(root)


if __name__ == "__main__":
    sys.exit(main())
