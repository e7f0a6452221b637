"""The tabs of the window, each with a layout, handlers, and the wiring between them."""
