"""Mobile-money operators: one provider per file, with its own books on disk."""
