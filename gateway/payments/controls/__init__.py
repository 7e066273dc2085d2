"""The controls: rules that may make a payout wait before it is sent.

Each rule is one file and pure, and its numbers are settings. A rule never refuses a payout and
never makes one fail. The money stays held for its worker, the worker is informed, and the wait
ends.
"""
