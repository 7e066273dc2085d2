"""What stands between the workers' money and each way to lose or double it, and that each of these guards is needed."""
