"""Drafting of question-answer pairs with a teacher: what is asked, sent, paid and kept."""
