"""The trial of rules on recorded or synthetic answers, and the reports about it."""
