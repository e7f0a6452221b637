"""An app that begins a training and waits, to be killed: ``python victim.py WORKSPACE``."""

from __future__ import annotations

import sys
from pathlib import Path

from store import Store
from tests.training.jobs import WISH, standin_command
from training import launch
from ui.services.news import News
from ui.services.training import Training

if __name__ == "__main__":
    launch.command = standin_command
    with Store.open(Path(sys.argv[1])) as store:
        training = Training(store, News())
        run = training.begin(WISH)
        training.wait(run.id, lambda _: None)
