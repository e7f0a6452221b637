"""The tokenizer of the built-in model: byte-level pieces, and a token per mark, slot and trait."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from slava.vlm.slava_model.language.intents import control_tokens
from slava.vlm.slava_model.language.slots import SLOT_TOKENS
from slava.vlm.slava_model.language.traits import TRAIT_TOKENS

MARKS = ("<pad>", "<cls>", "<image>", "<Encode>", "<Decode>", "<EOS>")
"""In the order of their ids, 0 to 5; see :mod:`slava.vlm.slava_model.towers`."""


def train_tokenizer(texts: Iterable[str], vocab_size: int = 2560) -> PreTrainedTokenizerFast:
    """Learn pieces from ``texts``. Any other text can be written too, byte by byte."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(_named()),
        special_tokens=[AddedToken(mark, special=True) for mark in MARKS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(name, special=False, normalized=False) for name in _named()])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        cls_token="<cls>",
        bos_token="<Decode>",
        eos_token="<EOS>",
        extra_special_tokens={"image_token": "<image>", "encode_token": "<Encode>"},
        clean_up_tokenization_spaces=False,
        padding_side="right",
    )


def _named() -> tuple[str, ...]:
    return (*SLOT_TOKENS, *control_tokens(), *TRAIT_TOKENS)
