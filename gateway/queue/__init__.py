"""RQ: rings bells (a name or an id, never content); the worker class, the ticker."""
