"""Drawings of an evaluation as SVG text, the same for the window and for the report.

Every mark that stands for answers carries ``data-rows``: indices into ``Results.rows`` with commas
between them. Colours come from the variables of ``assets/plots.css``, so that light and dark work.

svg.py, frame.py          tags, texts that fit, scales, axes, legends
dots.py, violin.py        means with intervals, distributions
heat.py, bars.py          topic by context level, confusion; shares by level, figures of classes
pairs.py                  two models on the same answers, judge beside people
"""

from slava.evaluation.plots.bars import class_plot, level_bars
from slava.evaluation.plots.dots import interval_dots
from slava.evaluation.plots.frame import style
from slava.evaluation.plots.heat import confusion_plot, heat_map
from slava.evaluation.plots.pairs import contrast_plot, judge_plot
from slava.evaluation.plots.violin import violin

__all__ = [
    "class_plot",
    "confusion_plot",
    "contrast_plot",
    "heat_map",
    "interval_dots",
    "judge_plot",
    "level_bars",
    "style",
    "violin",
]
