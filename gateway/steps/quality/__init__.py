"""The steps that judge answers, estimate skills, and correct what was judged wrongly."""
