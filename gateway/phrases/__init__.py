"""What the gateway says, in each worker's language."""
