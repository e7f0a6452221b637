"""What the built-in model can be asked and how it answers: intents, sentences, slots.

Pure text. It must not know torch, pictures, nor where a decision or a number comes from.
"""
