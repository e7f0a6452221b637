"""A process that has imported everything and forks a child for every run it is told of.

    python -m tests.training.forker

Each line of its input is a run's folder; it answers with the child's process id, and after an
empty line with the child's exit status. Importing takes far longer than these runs do.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path


def main() -> None:
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    import training.finetune.builtin
    import training.finetune.session
    from slava.vlm.slava_model.question_encoder import question_encoder
    from training.finetune.run import run_folder

    assert training.finetune.builtin
    assert training.finetune.session
    question_encoder()
    for line in sys.stdin:
        root = line.strip()
        child = os.fork()
        if child == 0:
            os._exit(run_folder(Path(root)))
        print(child, flush=True)
        sys.stdin.readline()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
