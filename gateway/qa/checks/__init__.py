"""The rules of a batch's quality steps: its plan, the audit's sample and interval, the review."""
