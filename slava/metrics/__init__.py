"""How good answers are, as numbers. Plain functions of what was said and what is true."""

from slava.metrics.classification import ClassFigures, confusion_matrix, per_class, top_accuracy

__all__ = ["ClassFigures", "confusion_matrix", "per_class", "top_accuracy"]
