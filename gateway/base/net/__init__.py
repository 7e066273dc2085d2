"""The addresses that the gateway may call, and the only way to call them."""
