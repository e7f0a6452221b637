"""Asking models the questions of a test set, and making figures, plots and reports of it.

items.py, test_sets.py    test sets: of a snapshot, a labelled folder, a file
keys.py, asking.py        what is asked, known by its content; asking only what is missing
judging.py, judging_job.py requests to a judge, in the book of requests, with consent and cap
figures.py, tables.py     figures of every answer; means with intervals, by topic and level
plots/, report.py         SVG drawings, the one-file report
"""
