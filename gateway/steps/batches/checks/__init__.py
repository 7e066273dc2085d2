"""The quality steps of a batch between its last answer and the client's word on the results."""
