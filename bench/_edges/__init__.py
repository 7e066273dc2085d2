"""The parts of `bench/edges.py`: the product, the phones that load it, and the attackers."""
