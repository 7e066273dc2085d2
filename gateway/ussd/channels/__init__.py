"""One USSD channel a file; the file's name is the kind named in config."""
