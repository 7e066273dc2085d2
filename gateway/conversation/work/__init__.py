"""The questions a worker is asked, and the answers she gives."""
