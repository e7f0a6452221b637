"""Training runs. The parent side launches and tails, without torch; the child side trains."""
