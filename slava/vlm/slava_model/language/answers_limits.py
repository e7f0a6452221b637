"""Answers about what a picture cannot tell, and what its category is known for."""

from __future__ import annotations

from slava.vlm.slava_model.language.ask import Ask, Said


def composition(ask: Ask) -> Said:
    """What it consists of: not to be read from a picture."""
    said = ask.pick(
        "A micrograph alone does not tell the composition.",
        "The composition cannot be read from grey levels.",
        "I cannot name elements or compounds from this picture.",
    )
    return said, ask.pick(
        "Grey levels show relief and contrast; an EDS or EELS spectrum would show elements.",
        "For elements a spectrum is needed, such as EDS.",
    )


def functional(ask: Ask) -> Said:
    """Which parts do the work, from what the category is known for."""
    w = ask.words
    said = ask.pick(
        f"The functional parts are probably {w.functional}.",
        f"I would look at {w.functional}.",
        f"Likely functional: {w.functional}.",
    )
    return said, "A still picture shows no function at work."


def application(ask: Ask) -> Said:
    """What such materials are used for."""
    w = ask.words
    said = ask.pick(
        f"Such a material is used in {w.used_in}.",
        f"Typical uses lie in {w.used_in}.",
        f"Materials like this serve in {w.used_in}.",
    )
    return said, f"One use is {w.example}. What this sample is for, the picture does not say."


def databar(ask: Ask) -> Said:
    """What stands in the databar."""
    said = ask.pick(
        "The databar is cut away before I see the picture.",
        "I do not see the databar, since it is cropped off first.",
    )
    return said, "What is read from it stands among the measured facts."


def provenance(ask: Ask) -> Said:
    """Where it comes from, who made it, how: not in the picture."""
    said = ask.pick(
        "This cannot be determined from the picture.",
        "A picture alone does not tell that.",
        "The micrograph holds no information about this.",
    )
    return said, "Your own notes on the sample are the place to look."
