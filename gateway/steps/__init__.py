"""One file per step of the walk; each is one transaction."""
