"""The window with a scripted model, as a process: ``python -m tests.browser.serve WORKSPACE``.

Prints its address and serves until its standard input is closed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ui.privacy import set_private_environment

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def serving(workspace: Path, **environment: str) -> Iterator[str]:
    """Run this module as a process; yield the address of the window."""
    command = [sys.executable, "-m", "tests.browser.serve", str(workspace)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), "the server did not start"
        try:
            yield url
        finally:
            process.stdin.close()
            process.wait(120)


def main(workspace: Path) -> None:
    """Serve ``workspace``."""
    set_private_environment(workspace)
    from slava.settings import Settings
    from store import Store
    from tests.ui.scripted import open_scripted
    from tests.ui.textures import TextureEncoder
    from ui.services import Services
    from ui.services.embedding import open_any
    from ui.shell import launch

    settings = Settings.gather(workspace=workspace, port=0, open_browser=False)
    with Store.open(workspace) as store:
        small = os.environ.get("SLAVA_TEST_ENCODER") == "texture"
        encoder = TextureEncoder if small else open_any
        services = Services(store, settings, opener=open_scripted, encoder_opener=encoder)
        window = launch(services, settings)
        print(window.url, flush=True)
        sys.stdin.read()
        window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
