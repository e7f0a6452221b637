"""Training an encoder on the lab's own micrographs, with labels or without.

The package opens without torch; :mod:`training.encoder.train` needs it.
"""

from training.encoder.config import EncoderConfig, EncoderProgress, Report

__all__ = ["EncoderConfig", "EncoderProgress", "Report"]
