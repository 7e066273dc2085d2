"""The comparison of typed answers: when two texts say the same."""
