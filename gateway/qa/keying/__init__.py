"""The quality of records that several workers key: comparing, settling, and error rates."""
