"""The commands of ``slava``, one module per group; the composition root registers them.

They are imported before anything is known of what the user wants: what is heavy (numpy, torch,
gradio, the store) is imported inside the functions that need it.
"""
