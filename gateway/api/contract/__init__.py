"""The parts of the API that hold for every operation: its document, and repeated requests."""
