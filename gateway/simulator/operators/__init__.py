"""Mobile-money operators: one provider each, with its own books on disk."""
