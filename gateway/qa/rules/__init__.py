"""The aggregation rules: a file's name is the rule's name, and `gateway.qa.rule(name)` opens it."""
