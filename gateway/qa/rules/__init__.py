"""Aggregation rules: the file's name is the rule's name; `gateway.qa.rule(name)` opens one."""
