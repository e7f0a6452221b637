"""The window with a scripted model, as a process: ``python -m tests.browser.serve WORKSPACE``.

Prints its address and serves until its standard input is closed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ui.privacy import set_private_environment


def main(workspace: Path) -> None:
    """Serve ``workspace``."""
    set_private_environment(workspace)
    from slava.settings import Settings
    from store import Store
    from tests.ui.scripted import open_scripted
    from ui.services import Services
    from ui.shell import launch

    settings = Settings(workspace=workspace, port=0, open_browser=False)
    with Store.open(workspace) as store:
        window = launch(Services(store, settings, opener=open_scripted), settings)
        print(window.url, flush=True)
        sys.stdin.read()
        window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
