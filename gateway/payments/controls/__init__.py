"""Controls: rules that may make a payout wait before it is sent. One rule a file, pure; the numbers are settings.

A rule never refuses and never fails a payout: the money stays held for its worker, she is told, and the wait has an end.
"""
