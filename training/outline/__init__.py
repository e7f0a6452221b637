"""The network for outlines: drawn micrographs with known objects, training, figures."""
