"""The window: Gradio components, handlers and presenters. Knows no SQL and no torch."""
