"""The rows of batches: tasks, uploads, results, shares, progress."""
