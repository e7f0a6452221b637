"""The recipe of the built-in sLAVA: drawn micrographs in, a small model out.

Nothing here reads a real micrograph. The app does not import it; ``slava build-model`` does.
"""
