"""The ground floor: small modules that every other package may use, and that use none of them."""
