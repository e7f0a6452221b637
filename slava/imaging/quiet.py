"""Keeps what the reading libraries print to themselves: their logs and warnings are not for users.

What matters of it is said again, in our words, as a warning of the frame or as an error.
"""

from __future__ import annotations

import logging
import warnings

LIBRARIES = ("tifffile", "PIL", "imagecodecs", "rsciio", "h5py")


def hush() -> None:
    """Silence the reading libraries; as often as you like, and from any thread."""
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", module=rf"({'|'.join(LIBRARIES)})(\.|$)")
