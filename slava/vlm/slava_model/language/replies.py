"""Fixed replies: to greetings and thanks, to what is not understood, and the honest notice."""

from __future__ import annotations

from slava.vlm.slava_model.language.intents import INTENTS

NOTICE = (
    "This is the small built-in demonstration model, trained on computer-drawn micrographs only. "
    "Its category and description are guesses; sizes and counts are the app's own measurements. "
    "It cannot determine composition or provenance, and “no defect” is no inspection "
    "result. For better answers, choose a larger model or teach it with five examples per class."
)

_KINDS = ", ".join(intent.about for intent in INTENTS if intent.about)

REPLIES = {
    "unknown": f"I did not understand this as a question that I can answer. About a micrograph I "
    f"can answer these kinds of question: {_KINDS}.",
    "help": "I am the small built-in model of sLAVA, trained on computer-drawn micrographs. I can "
    f"answer these kinds of question about the micrograph: {_KINDS}.",
    "greeting": "Hello. Ask me about the micrograph: what it shows, how large the structures are, "
    "or whether a defect is visible.",
    "thanks": "You are welcome.",
    "improve": "I am a small model and my category and description are guesses. For better "
    "answers, choose a larger model in the model picker, set a calibration so that sizes have "
    "units, or teach me with five examples of each class under Classify.",
    "language": "I understand English only. Please ask in English, or choose a larger model that "
    "speaks your language.",
}
"""By intent."""

NO_MICROGRAPH = "There is no micrograph to look at. Add one, then ask again."
