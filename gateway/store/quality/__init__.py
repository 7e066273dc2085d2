"""The rows of judging: gold, skills, findings, rulings."""
