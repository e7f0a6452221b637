"""Which models are kin: a judge may like too well what its own family wrote.

GlassLLaVA let GPT-4 grade what a model had learnt from GPT-4. Families are told by names alone. It
must not know what is judged.
"""

from __future__ import annotations

import re

_FAMILIES: tuple[tuple[str, str], ...] = (
    ("gpt", r"\bgpt|\bchatgpt|\bo[1345](?:\b|-)|davinci|openai"),
    ("claude", r"claude|anthropic"),
    ("gemini", r"gemini|gemma|palm|bard"),
    ("llama", r"llama|llava|vicuna|alpaca"),
    ("qwen", r"qwen|qwq|qvq"),
    ("mistral", r"mistral|mixtral|pixtral|ministral"),
    ("deepseek", r"deepseek"),
    ("phi", r"\bphi-?\d"),
    ("internvl", r"intern(?:vl|lm)"),
    ("minicpm", r"minicpm"),
    ("command", r"command-[ra]|cohere|\baya\b"),
    ("grok", r"grok"),
    ("slava", r"\bslava\b|\bbuiltin\b"),
)


def family(model: str) -> str:
    """The family of a model by its name, such as ``gpt``; the name itself where none is known."""
    name = model.strip().lower()
    last = name.rsplit("/", 1)[-1]
    for text in (last, name):
        for known, pattern in _FAMILIES:
            if re.search(pattern, text):
                return known
    return re.split(r"[-:_ ]", last, maxsplit=1)[0]


def same_family(judge: str, teacher: str) -> bool:
    """Whether two models are kin: what one wrote the other may like too well."""
    return bool(judge.strip() and teacher.strip()) and family(judge) == family(teacher)
