"""Free text: which spelling of several people's typing is the answer, and how sure we are."""
