"""Asking models the questions of a test set, and making figures, plots and reports of it.

items.py, test_sets.py    test sets: of a snapshot, a labelled folder, a file
keys.py, asking.py        what is asked, known by its content; asking only what is missing
served.py, titles.py      models behind a name, models of one title
judging.py, judging_job.py requests to a judge, in the book of requests, with consent and cap
judge_replies.py          what its replies say, read anew each time
notices.py                what must be known of single answers
figures.py, tables.py     figures of every answer; means with intervals, by topic and level
plots/, report.py         SVG drawings, the one-file report
"""
