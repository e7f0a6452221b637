"""An evaluation as one HTML file that stands alone: figures, drawings, every answer.

The file refers to nothing outside itself, and its policy forbids it to load anything. Whatever came
from a file, a person or a model is escaped, or carried as JSON and shown as text. It must not know
where results and micrographs are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from html import escape
from importlib import resources

from slava.domain import MicrographId
from slava.evaluation.plots import style
from slava.evaluation.report_data import as_json, page_data
from slava.evaluation.report_head import head_html, notes_html
from slava.evaluation.report_pictures import Pictures, gather_pictures
from slava.evaluation.report_plots import page_plots, sections_html
from slava.evaluation.report_tables import summary_html, trust_html
from slava.evaluation.results import Results
from slava.evaluation.table_pairs import comparisons

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
_SCRIPTS = ("report_parts", "report_panel", "report_list", "report_page")


def report_html(results: Results, picture: Callable[[MicrographId], bytes | None]) -> str:
    """The report as the text of one file, to be written as UTF-8.

    Parameters
    ----------
    picture
        The picture of a micrograph as any common format, or ``None``; each is asked for once, made
        small and put into the file until its room is used up.
    """
    pictures = gather_pictures(results, picture)
    contrasts = comparisons(results)
    data = page_data(results, pictures) | {"plots": page_plots(results, contrasts)}
    body = [
        head_html(results),
        notes_html(results, _about_pictures(pictures)),
        summary_html(results, contrasts),
        *sections_html(results),
        trust_html(results),
        _asset("report_answers.html"),
    ]
    page = _page(results.evaluation.name, body, data)
    return page.encode("utf-8", "replace").decode("utf-8")


def _page(name: str, body: list[str], data: dict[str, object]) -> str:
    scripts = "\n".join(_asset(f"{script}.js") for script in _SCRIPTS)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(name)}</title>\n"
        f"<style>\n{style()}{_asset('report.css')}</style>\n</head>\n<body>\n"
        f'<main id="page">\n{"".join(part for part in body if part)}\n</main>\n'
        f"{_asset('report_panel.html')}"
        f'<script type="application/json" id="data">{as_json(data)}</script>\n'
        f"<script>\n(() => {{\n'use strict';\n{scripts}}})();\n</script>\n</body>\n</html>\n"
    )


def _about_pictures(pictures: Pictures) -> tuple[str, ...]:
    told = []
    if pictures.over:
        told.append(
            f"The pictures of {pictures.over} micrographs are left out: the file would be too "
            "large. Their questions and answers are all here."
        )
    if pictures.missing:
        told.append(f"Of {pictures.missing} micrographs there is no picture.")
    return tuple(told)


@cache
def _asset(name: str) -> str:
    return resources.files("slava.evaluation.assets").joinpath(name).read_text(encoding="utf-8")
