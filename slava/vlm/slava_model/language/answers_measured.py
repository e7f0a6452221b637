"""Answers that stand on measured facts: their numbers are slots."""

from __future__ import annotations

from slava.vlm.slava_model.language.ask import Ask, Said
from slava.vlm.slava_model.language.phrases import ARRANGED, SHAPE, SPREADING, agree
from slava.vlm.slava_model.language.sentences import (
    arranged_sentence,
    covering_sentence,
    oriented_sentence,
    shape_sentence,
)

NO_SIZE_UNIT = "Without a calibration no length in a physical unit can be given."


def scale(ask: Ask) -> Said:
    """Pixel size and field width, or that there is no calibration."""
    if not ask.calibrated:
        return (
            ask.pick(
                "The micrograph is not calibrated, so its scale is not known.",
                "No pixel size is known for this micrograph: it has no calibration.",
                "Its scale is unknown, because no calibration came with it.",
            ),
            "Set a calibration from the scale bar, and lengths can be given.",
        )
    source = " The calibration comes from: <SOURCE>." if ask.has("SOURCE") else ""
    if ask.has("FIELD_WIDTH", "PIXEL_SIZE"):
        said = ask.pick(
            "One pixel is <PIXEL_SIZE> and the field is <FIELD_WIDTH> wide.",
            "The field of view is <FIELD_WIDTH> wide, at <PIXEL_SIZE> per pixel.",
            "The picture spans <FIELD_WIDTH>; each pixel stands for <PIXEL_SIZE>.",
        )
        return said, source.strip()
    said = ask.pick("One pixel is <PIXEL_SIZE>.", "Each pixel stands for <PIXEL_SIZE>.")
    return said, source.strip()


def size(ask: Ask) -> Said:
    """How large: the measurement, else the model's own estimate, named as such."""
    f = ask.feature
    unit = "" if ask.calibrated else NO_SIZE_UNIT
    vary = f"The {f} {agree('are|is', ask.words.plural)} {SPREADING[ask.traits.spread]}."
    if ask.has("SIZE"):
        said = ask.pick(
            "The measured mean size is <SIZE>.",
            f"The {f} measure|measures <SIZE> across on average.",
            f"By measurement, the {f} are|is <SIZE> across on average.",
            f"The app measured a mean diameter of <SIZE> for the {f}.",
        )
    elif ask.has("ESTIMATE"):
        said = ask.pick(
            f"Nothing was measured; by my own rough estimate the {f} are|is about <ESTIMATE> "
            "across.",
            f"My own rough estimate for the {f} is about <ESTIMATE>, which is not a measurement.",
            f"There is no measurement to quote. I would guess about <ESTIMATE> for the {f}.",
        )
    else:
        said = ask.pick(
            f"The size of the {f} was not measured.",
            f"There is no measured size of the {f} that I could quote.",
        )
    return f"{said} {unit}".strip(), vary


def uniformity(ask: Ask) -> Said:
    """How much sizes vary."""
    t, f = ask.traits, ask.feature
    if not ask.words.plural:
        return "There is a single tip, so sizes cannot vary.", shape_sentence(ask)
    said = ask.pick(
        f"The {f} are {SPREADING[t.spread]}.",
        f"The size distribution of the {f} looks {t.spread}.",
        f"In size, the {f} look {t.spread}ly distributed: they are {SPREADING[t.spread]}.",
    )
    more = "The measured spread is <SPREAD>." if ask.has("SPREAD") else "No spread was measured."
    return said, more


def coverage(ask: Ask) -> Said:
    """How much of the field is covered."""
    f, t = ask.feature, ask.traits
    more = f"To the eye this is {t.coverage} coverage."
    if ask.has("COVERAGE"):
        said = ask.pick(
            "By measurement <COVERAGE> of the field is covered.",
            f"The {f} cover|covers <COVERAGE> of the field, as measured.",
            "The measured coverage is <COVERAGE>.",
        )
        return said, more
    return covering_sentence(ask), f"The share was not measured. {more}"


def count(ask: Ask) -> Said:
    """How many, if they were counted."""
    f = ask.feature
    if not ask.words.plural:
        return "There is one tip in the field.", shape_sentence(ask)
    if ask.has("COUNT"):
        said = ask.pick(
            f"The app counted <COUNT> {f}.",
            f"<COUNT> {f} were counted.",
            f"There are <COUNT> {f} in the field by the app's count.",
        )
        return said, "Objects that hide each other may be missed."
    said = ask.pick(
        f"The {f} were not counted on this micrograph.",
        f"I have no count of the {f} to quote.",
        f"No count of the {f} is at hand, and I do not guess one.",
    )
    return said, f"{covering_sentence(ask)} {arranged_sentence(ask, ask.they)}"


def settings(ask: Ask) -> Said:
    """What the file says of the microscope."""
    parts = [
        text
        for slot, text in (
            ("VOLTAGE", "accelerating voltage <VOLTAGE>"),
            ("WORKING_DISTANCE", "working distance <WORKING_DISTANCE>"),
            ("MAGNIFICATION", "magnification <MAGNIFICATION>"),
            ("DETECTOR", "detector <DETECTOR>"),
        )
        if ask.has(slot)
    ]
    if not parts:
        said = ask.pick(
            "The file says nothing of the settings of the microscope.",
            "Voltage, working distance and detector are not recorded in what I was given.",
        )
        return said, "They cannot be read from the picture itself."
    listed = ", ".join(parts)
    said = ask.pick(
        f"The file gives: {listed}.",
        f"Recorded settings: {listed}.",
        f"It was taken with {listed}.",
    )
    return said, "These are the file's own words."


def orientation(ask: Ask) -> Said:
    """In which direction they lie."""
    measured = ""
    if ask.has("ORIENTATION"):
        measured = ask.pick(
            "The measured main direction is <ORIENTATION>.",
            "By measurement the main direction is <ORIENTATION>.",
        )
    return f"{oriented_sentence(ask)} {measured}".strip(), arranged_sentence(ask)


def periodicity(ask: Ask) -> Said:
    """Whether something repeats, and at which distance."""
    t, f = ask.traits, ask.feature
    if t.orientation == "periodic":
        said = ask.pick(
            f"Yes, the {f} repeat|repeats at a regular distance.",
            f"There is a repeat: the {f} form|forms a regular array.",
        )
        more = "The measured period is <PERIOD>." if ask.has("PERIOD") else "It was not measured."
        return said, more
    said = ask.pick(
        "No, nothing repeats at a fixed distance.",
        f"I see no repeat; the {f} {ARRANGED[t.arrangement]}.",
    )
    return said, oriented_sentence(ask, ask.they)


def porosity(ask: Ask) -> Said:
    """Whether it is porous, and how much of it is pore."""
    t = ask.traits
    more = "The measured share is <POROSITY>." if ask.has("POROSITY") else "No share was measured."
    if t.sure and t.category == "porous_sponge":
        said = ask.pick(
            f"Yes, it is porous: the openings are {SHAPE[t.morphology]}.",
            f"Yes, pores are everywhere; they are {SHAPE[t.morphology]}.",
        )
        return said, more
    said = ask.pick(
        "I see no open porosity here.",
        "No, a porous network is not what I see.",
    )
    return said, more if ask.has("POROSITY") else covering_sentence(ask)
