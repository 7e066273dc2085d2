"""The numerical parts that the rules share to estimate truths and workers' skills."""
