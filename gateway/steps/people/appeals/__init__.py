"""Appeals: what a worker is told, who looks until when, the decision, and what follows from it."""
