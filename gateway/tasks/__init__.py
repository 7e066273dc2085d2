"""Batches, tasks, questions and their kinds: values and rules, no SQL."""
