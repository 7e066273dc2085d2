"""The keying of records: typed fields, their rules, and the reading of replies with several."""
