"""``--frame N``: another picture of a file that holds several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from slava.errors import BadSetting, UnreadableMicrograph
from store import Store
from tests.cli.command import slava
from tests.imaging.vendor_files import specimen
from ui.commands.bench import Bench, open_bench


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "stack.tif"
    with tifffile.TiffWriter(path) as writer:
        for seed in range(3):
            writer.write(specimen(seed=seed), contiguous=False)
    return path


def test_a_command_takes_another_picture(stack: Path) -> None:
    micrograph, grey = Bench(None, None).open(stack, "never", 3)
    assert np.array_equal(grey, specimen(seed=2))
    assert "this is number 3" in micrograph.warnings[0]
    with pytest.raises(UnreadableMicrograph, match=r"stack\.tif: it holds 3 pictures, and 4 is"):
        Bench(None, None).open(stack, "never", 4)


def test_a_workspace_keeps_the_first(stack: Path, tmp_path: Path) -> None:
    with open_bench(tmp_path / "workspace") as bench:
        with pytest.raises(BadSetting, match="--frame 2: a workspace keeps the first picture"):
            bench.open(stack, number=2)
        assert bench.open(stack, "never")[0].width_px == 128
    with Store.open(tmp_path / "workspace") as store:
        assert len(store.micrographs.list_micrographs("")) == 1


def test_the_option_reaches_the_file(stack: Path) -> None:
    for command in ("inspect", "measure"):
        done = slava(command, stack, "--frame", "9")
        assert done.returncode == 2
        assert "it holds 3 pictures, and 9 is none of them" in done.stderr
