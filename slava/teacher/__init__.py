"""Drafting pairs: teachers, their prompts, and the automatic checks of what they wrote."""
