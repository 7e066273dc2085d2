"""The forms of answers: how answers are compared, judged and estimated, one module per form."""
