"""The aggregation of free text: the choice among several workers' spellings, and its confidence."""
