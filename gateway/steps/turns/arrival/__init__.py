"""The identity of an inbound event: which messages of a call are new, and which are copies."""
