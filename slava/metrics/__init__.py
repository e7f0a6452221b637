"""How good answers are, as numbers. Plain functions of what was said and what is true.

classification.py                        top-n accuracy, confusion, precision, recall, F1
text.py, text_files.py, wordnet.py       BLEU, ROUGE, METEOR of answers beside references
bootstrap.py, compare.py                 intervals of means, two models on the same rows
grounded.py, labels.py, reliance.py      without a judge: numbers, defects, categories, pictures
judge_prompts.py, judged.py              what a judge is asked, what it said
judge_trust.py, kin.py, agreement.py     how far a judge, or a reviewer, can be trusted
contexts.py                              the same question with zero to three attributes
"""

from slava.metrics.classification import ClassFigures, confusion_matrix, per_class, top_accuracy

__all__ = ["ClassFigures", "confusion_matrix", "per_class", "top_accuracy"]
