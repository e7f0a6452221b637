"""Sentences that several answers share. Each takes an :class:`Ask` and gives one sentence."""

from __future__ import annotations

from slava.vlm.slava_model.language.ask import Ask
from slava.vlm.slava_model.language.phrases import (
    ARRANGED,
    COVERING,
    DEFECTIVE,
    ORIENTED,
    SHAPE,
    TEXTURED,
)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def list_sentence(ask: Ask) -> str:
    """The three likeliest categories as slots."""
    return ask.pick(
        "I am not sure of the category: most likely are <FIRST>, then <SECOND> or <THIRD>.",
        "The category is open. The closest ones are <FIRST>, <SECOND> and <THIRD>.",
        "No category is certain enough for a verdict; <FIRST> comes first, before <SECOND> and "
        "<THIRD>.",
    )


def shape_sentence(ask: Ask) -> str:
    """The shape of the features."""
    t, f = ask.traits, ask.feature
    if not t.sure:
        return ask.pick(
            f"The shape of the structures is not clear to me, but their surface looks "
            f"{TEXTURED[t.texture]}.",
            f"I cannot name a definite shape; the surface of the structures looks "
            f"{TEXTURED[t.texture]}.",
        )
    s = SHAPE[t.morphology]
    return ask.pick(
        f"The {f} are|is {s}.",
        f"In shape, the {f} are|is {s}.",
        f"Seen here, the {f} appear|appears {s}."
        if not s.startswith(("a ", "an "))
        else f"Seen here, the {f} is {s}.",
    )


def arranged_sentence(ask: Ask, subject: str = "") -> str:
    """How the features lie to each other."""
    how = ARRANGED[ask.traits.arrangement]
    who = subject or ask.pick(f"The {ask.feature}", f"Here the {ask.feature}")
    return ask.pick(f"{who} {how}.")


def covering_sentence(ask: Ask, subject: str = "") -> str:
    """How much the features cover."""
    part = COVERING[ask.traits.coverage]
    who = subject or f"The {ask.feature}"
    return ask.pick(f"{who} cover|covers {part}.", f"{who} take|takes up {part}.")


def oriented_sentence(ask: Ask, subject: str = "") -> str:
    """In which direction the features lie."""
    how = ORIENTED[ask.traits.orientation]
    who = subject or ask.pick(
        f"The {ask.feature}", f"As to direction, the {ask.feature}", f"Overall the {ask.feature}"
    )
    return ask.pick(f"{who} {how}.")


def defect_sentence(ask: Ask) -> str:
    """The defect seen, or none."""
    kind = ask.traits.defect
    if kind == "none":
        return ask.pick("I see no defect.", "There is no defect that I can make out.")
    return _capital(DEFECTIVE[kind]) + "."
