"""The workspace on disk: one DuckDB file, original bytes by their hash. Knows no window and no model."""
