"""The environment that keeps everything on this machine.

It must be set before Gradio, httpx or a Hugging Face library is imported, because they read it
once. This module therefore imports none of them.
"""

from __future__ import annotations

import os
from pathlib import Path

LOOPBACK = "localhost,127.0.0.1"

PRIVATE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}
"""Telemetry and look-ups off. A confirmed download lifts the offline switch itself."""


def set_private_environment(workspace: Path | None = None) -> None:
    """Switch telemetry and look-ups off, and keep the local server away from any proxy.

    Parameters
    ----------
    workspace
        Where uploads stay until they are ingested; without one Gradio's default is kept.
    """
    os.environ.update(PRIVATE)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = _with_loopback(os.environ.get(name, ""))
    if workspace is not None:
        os.environ["GRADIO_TEMP_DIR"] = str(workspace / "uploads")


def _with_loopback(hosts: str) -> str:
    """A list of hosts that bypass the proxy, with this machine among them."""
    kept = [h for h in hosts.split(",") if h.strip() and h.strip() not in LOOPBACK.split(",")]
    return ",".join([*kept, LOOPBACK])
