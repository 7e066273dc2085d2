"""The commands about decisions, gold, findings, options and reviews."""
