"""Words that several panels use."""

from __future__ import annotations

from typing import Any

Shown = dict[str, Any]

UNCALIBRATED = "uncalibrated"
SOURCES = {
    "metadata": "from the file",
    "sidecar": "from the sidecar file",
    "databar": "read from the databar",
    "manual": "by hand",
}
