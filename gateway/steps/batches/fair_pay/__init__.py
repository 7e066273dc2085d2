"""The pay of a batch: quoted and checked before it starts, measured and topped up at its end."""
