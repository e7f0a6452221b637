"""Scripts that are joined into one panel share one scope: no name is declared in it twice.

A second ``const`` of a name ends the whole script, and with it everything that its tab does.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ui.assets import asset
from ui.viewer import VIEWER_SCRIPTS

DECLARED = re.compile(r"^(?:async )?(const|let|var|function\*?|class)\s+(.+)$", re.MULTILINE)
"""In these files what is declared for all others begins a line, and nothing else does."""
NAME = re.compile(r"[A-Za-z_$][\w$]*")
BRACKETS = {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}


ROOT = Path(__file__).resolve().parents[2]
PANELS = """
import json, sys
from pathlib import Path
from ui.privacy import set_private_environment
workspace = Path(sys.argv[1])
set_private_environment(workspace)
from slava.settings import Settings
from store import Store
from ui.services import Services
from ui.shell import build_window
with Store.open(workspace) as store:
    blocks = build_window(Services(store, Settings(workspace))).blocks.values()
    scripts = {b.elem_id: getattr(b, "js_on_load", None) for b in blocks}
print(json.dumps({panel: script for panel, script in scripts.items() if script}))
"""
"""Builds the window in a process of its own: it leaves an event loop behind."""


def declared(script: str) -> list[str]:
    """Every name that a script declares in its outermost scope, as often as it does."""
    found: list[str] = []
    for word, rest in DECLARED.findall(script):
        if word.startswith(("function", "class")):
            found += NAME.findall(rest)[:1]
        else:
            found += _names(rest)
    return found


def _names(rest: str) -> list[str]:
    """The names of ``a = 1, b = 2``, ``{ a, b: c } = d`` and ``[a, b] = c``."""
    found, depth, wanted = [], 0, True
    if rest[0] in "{[":
        inside = rest[1 : rest.index("}" if rest[0] == "{" else "]")]
        return [NAME.findall(one)[-1] for one in inside.split(",") if NAME.search(one)]
    for part in re.findall(r"[A-Za-z_$][\w$]*|'[^']*'|.", rest):
        depth += BRACKETS.get(part, 0)
        if depth == 0 and part == ",":
            wanted = True
        elif wanted and NAME.fullmatch(part):
            found.append(part)
            wanted = False
    return found


def twice(script: str) -> list[str]:
    return [name for name, times in Counter(declared(script)).items() if times > 1]


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("const a = 1;\nlet b;\nfunction a() {}", ["a"]),
        ("const { a, b: c } = d;\nclass c {}", ["c"]),
        ("const [a, b] = c;\nasync function b() {}", ["b"]),
        ("let a = f(x, y), b = 'const, c';\nvar b;", ["b"]),
        ("function f() {\n  const a = 1;\n}\nfunction g() {\n  const a = 2;\n}", []),
    ],
)
def test_a_name_that_is_declared_twice_is_found(script: str, names: list[str]) -> None:
    assert twice(script) == names


def test_no_panel_declares_a_name_twice(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PANELS, str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    panels = json.loads(done.stdout.splitlines()[-1])
    viewer = "\n".join(asset(f"viewer/{name}.js") for name in VIEWER_SCRIPTS)
    assert {"evaluate", "finetune"} <= set(panels)
    assert twice(viewer) == []
    for panel, script in panels.items():
        mounted = script != viewer and viewer in script
        assert twice(script.replace(viewer, "") if mounted else script) == [], panel
