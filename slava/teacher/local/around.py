"""What is said of the picture as a whole: category, scale, quality, and what it does not tell.

Everything comes from the label, the file, the facts or the user's notes. It must not know
questions.
"""

from __future__ import annotations

from slava.imaging.measure.quality import BLURRED, NOISY_PERCENT
from slava.teacher.local.told import Says, Told


def category(told: Told) -> Says:
    """What is shown, from the label or, hedged, from the model's guess."""
    if not told.phrase:
        return []
    if told.from_model:
        return [
            told.pick(
                "category?",
                (
                    f"The micrograph most likely shows {told.phrase}.",
                    f"What is seen resembles {told.phrase}.",
                    f"The structures look like {told.phrase}.",
                ),
            )
        ]
    return [
        told.pick(
            "category",
            (
                f"The micrograph shows {told.phrase}.",
                f"What is seen here is {told.phrase}.",
                f"This is a micrograph of {told.phrase}.",
                f"The subject of the picture is {told.phrase}.",
            ),
        )
    ]


def scale(told: Told) -> Says:
    """Field and pixel size, or that there is no calibration."""
    width = told.text("field_width")
    shown = told.subject.micrograph
    if not told.calibrated:
        size = f"{shown.width_px} × {shown.height_px} pixels"
        return [
            told.pick(
                "uncalibrated",
                (
                    "The micrograph is not calibrated, so sizes can only be given in pixels.",
                    "No calibration is known, hence every size is given in pixels.",
                    "Without a calibration the true scale stays unknown; sizes are in pixels.",
                ),
            ),
            told.pick("pixels", (f"The picture has {size}.", f"It was recorded with {size}.")),
        ]
    pixel = told.text("pixel_size")
    if not width or not pixel:
        return []
    return [
        told.pick(
            "scale",
            (
                f"The field of view is {width} wide, and one pixel is {pixel}.",
                f"The field is {width} wide at a pixel size of {pixel}.",
                f"The whole picture has a field width of {width}, with a pixel size of {pixel}.",
            ),
        )
    ]


def quality(told: Told) -> Says:
    """Sharpness and noise as measured."""
    sharp, noise = told.number("quality_sharpness"), told.number("quality_noise")
    said: Says = []
    if sharp is not None:
        how = "blurred" if sharp < BLURRED else "reasonably sharp"
        said.append(
            f"The picture is {how}, with a measured sharpness of {told.text('quality_sharpness')}."
        )
    if noise is not None:
        how = "noisy" if noise > NOISY_PERCENT else "not noisy"
        said.append(f"It is {how}: the noise is {told.text('quality_noise')} of the contrast.")
    return said


def settings(told: Told) -> Says:
    """What the file says of the microscope."""
    said: Says = []
    if told.text("accelerating_voltage"):
        said.append(f"The accelerating voltage was {told.text('accelerating_voltage')}.")
    if told.text("working_distance"):
        said.append(f"The working distance was {told.text('working_distance')}.")
    if told.text("magnification"):
        said.append(f"The magnification is given as {told.text('magnification')}.")
    return said


def technique(told: Told) -> Says:
    """The kind of microscope, where the file names it."""
    names = {
        "SEM": "a scanning electron microscope",
        "TEM": "a transmission electron microscope",
        "STEM": "a scanning transmission electron microscope",
        "optical": "a light microscope",
    }
    name = names.get(told.subject.micrograph.instrument.modality)
    return [f"The file says that it was taken with {name}."] if name else []


def notes(told: Told) -> Says:
    """The user's own words, quoted."""
    text = " ".join(told.subject.micrograph.notes.split()).strip(" .")
    return [f"The notes on the sample say: “{text}”."] if 0 < len(text) <= 200 else []


def limits(told: Told) -> Says:
    """What a picture does not tell, and what composition data show where there are any."""
    given = told.subject.composition
    if given is not None:
        return [
            given.sentence,
            told.pick(
                "data",
                (
                    "The picture itself does not tell which elements are present.",
                    "The grey values alone would not tell the elements.",
                ),
            ),
        ]
    return [
        told.pick(
            "limits",
            (
                "The micrograph alone does not tell which elements or compounds are present.",
                "Elements and compounds cannot be told from the grey values of a micrograph.",
                "Which elements are present cannot be read from this picture.",
            ),
        ),
        told.pick(
            "spectrum",
            (
                "A spectrum of the characteristic X-rays would be needed for that.",
                "Only a spectrum taken at the same place would tell.",
            ),
        ),
    ]


def unsaid(told: Told) -> Says:
    """That function and use are not in the picture."""
    return [
        told.pick(
            "unsaid",
            (
                "What this specimen is meant for, the picture does not tell.",
                "The picture shows a still state and does not tell a function.",
            ),
        )
    ]


def uses(told: Told) -> Says:
    """What the category is known for; from the label, not from the picture."""
    words = _category_words(told)
    if words is None:
        return []
    return [
        told.pick(
            "uses",
            (
                f"Materials of this kind are used in {words[1]}.",
                f"Such structures find use in {words[1]}.",
                f"Typical fields of use are {words[1]}.",
            ),
        )
    ]


def parts(told: Told) -> Says:
    """Which parts matter for the category's function."""
    words = _category_words(told)
    if words is None:
        return []
    return [
        told.pick(
            "parts",
            (
                f"The parts that matter for the function are probably {words[0]}.",
                f"Most likely, the function lies with {words[0]}.",
            ),
        )
    ]


def _category_words(told: Told) -> tuple[str, str] | None:
    if told.pack.id != "nanomaterials" or not told.category:
        return None
    from slava.vlm.slava_model.language.phrases import CATEGORY

    words = CATEGORY.get(told.category)
    return (words.functional, words.used_in) if words else None
