"""The answers the decoder learns to write, and the ones that stand in if it ever fails.

One function per intent turns an :class:`Ask` into a short answer and what a detailed one adds.
Numbers are slots. This module must not know how traits were decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from slava.vlm.slava_model.language.intents import DECODED, STYLES
from slava.vlm.slava_model.language.phrases import (
    ARRANGED,
    CATEGORY,
    COVERING,
    DEFECT_NOUN,
    DEFECTIVE,
    GROUND,
    ORIENTED,
    SHAPE,
    SPREADING,
    TEXTURED,
    TOUCHING,
    UNSURE,
    CategoryWords,
    agree,
)
from slava.vlm.slava_model.language.traits import Traits


@dataclass(frozen=True, slots=True)
class Ask:
    """Everything an answer depends on."""

    intent: str
    traits: Traits
    known: frozenset[str] = field(default_factory=frozenset)
    """Slots that have a value."""
    calibrated: bool = False
    detailed: bool = False
    style: int = 0
    """0 .. STYLES - 1, the wording."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """The auxiliary tokens that tell the text encoder all of it."""
        return (
            f"<intent:{self.intent}>",
            "<detailed>" if self.detailed else "<concise>",
            f"<style:{self.style}>",
            "<calibrated>" if self.calibrated else "<uncalibrated>",
            *self.traits.tokens,
            *(f"<{slot}>" for slot in sorted(self.known & SLOTS_OF.get(self.intent, frozenset()))),
        )

    @property
    def words(self) -> CategoryWords:
        return CATEGORY[self.traits.category] if self.traits.sure else UNSURE

    @property
    def feature(self) -> str:
        return self.words.feature

    def pick(self, *options: str) -> str:
        """The option of this style, its verbs agreeing with the feature."""
        return agree(options[self.style % len(options)], self.words.plural)

    @property
    def they(self) -> str:
        """The pronoun of the feature, to begin a further sentence with."""
        return "They" if self.words.plural else "It"

    def has(self, *slots: str) -> bool:
        return all(slot in self.known for slot in slots)


SIZE_SLOTS = frozenset({"SIZE", "ESTIMATE"})
SLOTS_OF: dict[str, frozenset[str]] = {
    "category": frozenset({"FIRST", "SECOND", "THIRD"}),
    "caption": SIZE_SLOTS | {"FIRST", "SECOND", "THIRD"},
    "basics": frozenset({"FIELD_WIDTH", "PIXEL_SIZE", "FIRST", "SECOND", "THIRD"}),
    "scale": frozenset({"FIELD_WIDTH", "PIXEL_SIZE", "SOURCE"}),
    "size": SIZE_SLOTS,
    "uniformity": frozenset({"SPREAD", "SIZE"}),
    "coverage": frozenset({"COVERAGE"}),
    "count": frozenset({"COUNT"}),
    "settings": frozenset({"VOLTAGE", "WORKING_DISTANCE", "DETECTOR", "MAGNIFICATION"}),
    "orientation": frozenset({"ORIENTATION", "ALIGNMENT"}),
    "periodicity": frozenset({"PERIOD"}),
    "porosity": frozenset({"POROSITY"}),
    "comparison": frozenset({"SECOND", "THIRD"}),
    "confidence": frozenset({"FIRST", "SECOND", "THIRD", "CONFIDENCE"}),
    "databar": frozenset({"MAGNIFICATION", "VOLTAGE"}),
}
"""The slots an intent may use; others are not told to the text encoder."""


def wordings(ask: Ask) -> tuple[str, ...]:
    """Every answer that ``ask`` allows, in all styles; that of its own style first."""
    styles = [(ask.style + k) % STYLES for k in range(STYLES)]
    return tuple(dict.fromkeys(answer(replace(ask, style=style)) for style in styles))


Said = tuple[str, str]
"""The concise answer, and the sentences that a detailed one adds."""

NO_SIZE_UNIT = "Without a calibration no length in a physical unit can be given."
TEACH = "Teach me with five examples of each class under Classify for a firmer answer."


def answer(ask: Ask) -> str:
    """The answer to ``ask``, slots unfilled."""
    short, more = ANSWERS[ask.intent](ask)
    return f"{short} {more}".strip() if ask.detailed else short


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _list(ask: Ask) -> str:
    return ask.pick(
        "I am not sure of the category: most likely are <FIRST>, then <SECOND> or <THIRD>.",
        "The category is open. The closest ones are <FIRST>, <SECOND> and <THIRD>.",
        "No category is certain enough for a verdict; <FIRST> comes first, before <SECOND> and "
        "<THIRD>.",
    )


def _category(ask: Ask) -> Said:
    w = ask.words
    if not ask.traits.sure:
        return _list(ask), TEACH
    said = ask.pick(
        f"This micrograph belongs to the category {w.label}.",
        f"I would place it under {w.label}.",
        f"The category that fits best is {w.label}.",
        f"It looks like {w.shows}, so the category is {w.label}.",
        f"Most probably {w.label}.",
        f"My choice among the ten categories is {w.label}.",
    )
    return said, ask.pick(
        f"The reason is that {w.why}.",
        f"What speaks for it: {w.why}.",
        f"This follows from the picture, where {w.why}.",
    )


def _shape(ask: Ask) -> str:
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


def _arranged(ask: Ask, subject: str = "") -> str:
    how = ARRANGED[ask.traits.arrangement]
    who = subject or ask.pick(f"The {ask.feature}", f"Here the {ask.feature}")
    return ask.pick(f"{who} {how}.")


def _covering(ask: Ask, subject: str = "") -> str:
    part = COVERING[ask.traits.coverage]
    who = subject or f"The {ask.feature}"
    return ask.pick(f"{who} cover|covers {part}.", f"{who} take|takes up {part}.")


def _defect_sentence(ask: Ask) -> str:
    kind = ask.traits.defect
    if kind == "none":
        return ask.pick("I see no defect.", "There is no defect that I can make out.")
    return _capital(DEFECTIVE[kind]) + "."


def _caption(ask: Ask) -> Said:
    t, w = ask.traits, ask.words
    if not t.sure:
        short = ask.pick(
            f"A micrograph of structures that I cannot name with confidence; they "
            f"{ARRANGED[t.arrangement]}, and their surface looks {TEXTURED[t.texture]}.",
            f"The structures {ARRANGED[t.arrangement]} and have a {TEXTURED[t.texture]} surface; "
            "their category is not certain.",
        )
        return short, f"{_list(ask)} {_covering(ask)} {_size(ask)[0]} {_defect_sentence(ask)}"
    s = SHAPE[t.morphology]
    short = ask.pick(
        f"A micrograph of {w.shows}: the {w.feature} are|is {s} and "
        f"cover|covers {COVERING[t.coverage]}.",
        f"This micrograph shows {w.shows}. The {w.feature} are|is {s} and "
        f"{ARRANGED[t.arrangement]}.",
        f"We see {w.shows}, with a {TEXTURED[t.texture]} surface; the {w.feature} are|is {s}.",
        f"The picture shows {w.shows}; the {w.feature} {ARRANGED[t.arrangement]}.",
        f"Shown is {w.shows}. The {w.feature}, which are|is {s}, {ORIENTED[t.orientation]}.",
        f"An electron micrograph of {w.shows}, {s}, with {_coverage_noun(t)}.",
    )
    return short, " ".join(
        (
            _arranged(ask),
            _oriented(ask, ask.they),
            _covering(ask, ask.they),
            f"The surface looks {TEXTURED[t.texture]}.",
            _size(ask)[0],
            _defect_sentence(ask),
            _quality(ask)[0],
        )
    )


def _coverage_noun(traits: Traits) -> str:
    return f"{traits.coverage} coverage"


def _oriented(ask: Ask, subject: str = "") -> str:
    how = ORIENTED[ask.traits.orientation]
    who = subject or ask.pick(
        f"The {ask.feature}", f"As to direction, the {ask.feature}", f"Overall the {ask.feature}"
    )
    return ask.pick(f"{who} {how}.")


def _basics(ask: Ask) -> Said:
    w = ask.words
    first = (
        ask.pick(
            f"This is an electron micrograph of {w.shows}.",
            f"It shows {w.shows}.",
            f"The material looks like {w.shows}.",
        )
        if ask.traits.sure
        else _list(ask)
    )
    return f"{first} {_scale(ask)[0]}", f"{_shape(ask)} {_covering(ask, ask.they)}"


def _scale(ask: Ask) -> Said:
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


def _morphology(ask: Ask) -> Said:
    t = ask.traits
    spread = f"They are {SPREADING[t.spread]}." if ask.words.plural else "There is only one."
    return _shape(ask), f"{spread} {_arranged(ask)} The surface looks {TEXTURED[t.texture]}."


def _size(ask: Ask) -> Said:
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


def _uniformity(ask: Ask) -> Said:
    t, f = ask.traits, ask.feature
    if not ask.words.plural:
        return "There is a single tip, so sizes cannot vary.", _shape(ask)
    said = ask.pick(
        f"The {f} are {SPREADING[t.spread]}.",
        f"The size distribution of the {f} looks {t.spread}.",
        f"In size, the {f} look {t.spread}ly distributed: they are {SPREADING[t.spread]}.",
    )
    more = "The measured spread is <SPREAD>." if ask.has("SPREAD") else "No spread was measured."
    return said, more


def _arrangement(ask: Ask) -> Said:
    return _arranged(ask), f"{_covering(ask, ask.they)} {_oriented(ask)}"


def _coverage(ask: Ask) -> Said:
    f, t = ask.feature, ask.traits
    more = f"To the eye this is {t.coverage} coverage."
    if ask.has("COVERAGE"):
        said = ask.pick(
            "By measurement <COVERAGE> of the field is covered.",
            f"The {f} cover|covers <COVERAGE> of the field, as measured.",
            "The measured coverage is <COVERAGE>.",
        )
        return said, more
    return _covering(ask), f"The share was not measured. {more}"


def _count(ask: Ask) -> Said:
    f = ask.feature
    if not ask.words.plural:
        return "There is one tip in the field.", _shape(ask)
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
    return said, f"{_covering(ask)} {_arranged(ask, ask.they)}"


def _surface(ask: Ask) -> Said:
    t, f = ask.traits, ask.feature
    said = ask.pick(
        f"The surface looks {TEXTURED[t.texture]}.",
        f"The surface of the {f} looks {TEXTURED[t.texture]}.",
        f"Its texture is {TEXTURED[t.texture]}.",
    )
    return said, _defect_sentence(ask)


def _defect(ask: Ask) -> Said:
    kind = ask.traits.defect
    if kind == "none":
        said = ask.pick(
            "No, I see no defect, which is no inspection result.",
            "No defect stands out, but this is not an inspection.",
            "I find no defect in the picture; that does not rule one out.",
        )
        return said, f"The surface looks {TEXTURED[ask.traits.texture]} throughout."
    said = ask.pick(
        f"There seems to be a defect: {DEFECTIVE[kind]}.",
        f"I think I see {DEFECT_NOUN[kind]}: {DEFECTIVE[kind]}.",
        f"What I see may be a defect: {DEFECTIVE[kind]}.",
    )
    return said, "Check it at a higher magnification before you rely on it."


def _composition(ask: Ask) -> Said:
    said = ask.pick(
        "A micrograph alone does not tell the composition.",
        "The composition cannot be read from grey levels.",
        "I cannot name elements or compounds from this picture.",
    )
    return said, ask.pick(
        "Grey levels show relief and contrast; an EDS or EELS spectrum would show elements.",
        "For elements a spectrum is needed, such as EDS.",
    )


def _interactions(ask: Ask) -> Said:
    how = TOUCHING[ask.traits.arrangement]
    said = ask.pick(f"The {ask.feature} {how}.", f"As far as I see, the {ask.feature} {how}.")
    return said, _covering(ask, ask.they)


def _environment(ask: Ask) -> Said:
    t, f = ask.traits, ask.feature
    around = f"As to what is around the {f}: {GROUND[t.coverage]}"
    foreign = (
        "foreign debris is also seen" if t.defect == "debris" else "nothing foreign catches the eye"
    )
    said = ask.pick(f"{around}; {foreign}.", f"{around}, and {foreign}.")
    return said, f"What the ground consists of cannot be told. {_arranged(ask)}"


def _technique(ask: Ask) -> Said:
    said = ask.pick(
        "It looks like a scanning electron micrograph in grey levels.",
        "Most likely scanning electron microscopy, without false colour.",
        "This has the look of a scanning electron micrograph.",
    )
    return said, _quality(ask)[0]


def _quality(ask: Ask) -> Said:
    t = ask.traits
    flaws = [
        text
        for present, text in (
            (t.noisy, "noise"),
            (t.blurred, "some blur"),
            (t.charging, "signs of charging"),
        )
        if present
    ]
    if not flaws:
        said = ask.pick(
            "The picture is sharp and has little noise.",
            "Its quality is good: sharp, with little noise.",
        )
        return said, "This is judged by eye and not measured."
    named = " and ".join(flaws)
    said = ask.pick(f"The picture shows {named}.", f"Its quality suffers from {named}.")
    return said, ask.pick(
        "A slower scan or a better focus would help.", "Small details should be read with care."
    )


def _settings(ask: Ask) -> Said:
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


def _functional(ask: Ask) -> Said:
    w = ask.words
    said = ask.pick(
        f"The functional parts are probably {w.functional}.",
        f"I would look at {w.functional}.",
        f"Likely functional: {w.functional}.",
    )
    return said, "A still picture shows no function at work."


def _application(ask: Ask) -> Said:
    w = ask.words
    said = ask.pick(
        f"Such a material is used in {w.used_in}.",
        f"Typical uses lie in {w.used_in}.",
        f"Materials like this serve in {w.used_in}.",
    )
    return said, f"One use is {w.example}. What this sample is for, the picture does not say."


def _orientation(ask: Ask) -> Said:
    measured = ""
    if ask.has("ORIENTATION"):
        measured = ask.pick(
            "The measured main direction is <ORIENTATION>.",
            "By measurement the main direction is <ORIENTATION>.",
        )
    return f"{_oriented(ask)} {measured}".strip(), _arranged(ask)


def _periodicity(ask: Ask) -> Said:
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
    return said, _oriented(ask, ask.they)


def _porosity(ask: Ask) -> Said:
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
    return said, more if ask.has("POROSITY") else _covering(ask)


def _comparison(ask: Ask) -> Said:
    w = ask.words
    others = "<SECOND> or <THIRD>" if ask.has("SECOND", "THIRD") else "another category"
    if not ask.traits.sure:
        return _list(ask), "Nothing that I see separates these clearly."
    said = ask.pick(
        f"Next to {w.label}, it could be taken for {others}.",
        f"The closest alternatives to {w.label} are {others}.",
        f"One might confuse it with {others}, but I prefer {w.label}.",
    )
    return said, f"What speaks for {w.label}: {w.why}."


def _databar(ask: Ask) -> Said:
    said = ask.pick(
        "The databar is cut away before I see the picture.",
        "I do not see the databar, since it is cropped off first.",
    )
    return said, "What is read from it stands among the measured facts."


def _confidence(ask: Ask) -> Said:
    w = ask.words
    if not ask.traits.sure:
        return _list(ask), TEACH
    said = ask.pick(
        f"I give {w.label} <CONFIDENCE>; this is a guess from the picture.",
        f"My confidence in {w.label} is <CONFIDENCE>.",
        f"About <CONFIDENCE> for {w.label}, as far as such figures go.",
    )
    if not ask.has("CONFIDENCE"):
        said = f"I lean to {w.label}, as a guess from the picture."
    return said, f"What speaks for it: {w.why}."


def _provenance(ask: Ask) -> Said:
    said = ask.pick(
        "This cannot be determined from the picture.",
        "A picture alone does not tell that.",
        "The micrograph holds no information about this.",
    )
    return said, "Your own notes on the sample are the place to look."


ANSWERS: dict[str, Callable[[Ask], Said]] = {
    "category": _category,
    "caption": _caption,
    "basics": _basics,
    "scale": _scale,
    "morphology": _morphology,
    "size": _size,
    "uniformity": _uniformity,
    "arrangement": _arrangement,
    "coverage": _coverage,
    "count": _count,
    "surface": _surface,
    "defect": _defect,
    "composition": _composition,
    "interactions": _interactions,
    "environment": _environment,
    "technique": _technique,
    "quality": _quality,
    "settings": _settings,
    "functional": _functional,
    "application": _application,
    "orientation": _orientation,
    "periodicity": _periodicity,
    "porosity": _porosity,
    "comparison": _comparison,
    "databar": _databar,
    "confidence": _confidence,
    "provenance": _provenance,
}

if set(ANSWERS) != set(DECODED):
    raise RuntimeError(f"intents without an answer: {set(DECODED) ^ set(ANSWERS)}")
