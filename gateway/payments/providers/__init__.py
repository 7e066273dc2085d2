"""One payout provider a file; the file's name is the kind named in config."""
