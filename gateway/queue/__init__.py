"""The job queue over RQ: jobs without content, the runner, and the pressure flag."""
