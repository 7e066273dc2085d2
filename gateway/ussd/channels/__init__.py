"""The USSD channels, one file per kind; the settings name a kind by its file's name."""
