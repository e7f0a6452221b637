"""The paper's own architecture, small enough for any machine."""
