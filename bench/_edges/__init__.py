"""What `bench/edges.py` is made of: the product, the phones that load it, and the callers that attack its edges."""
