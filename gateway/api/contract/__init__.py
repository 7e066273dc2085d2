"""What holds for every operation of the client API: its document, and repeated requests."""
