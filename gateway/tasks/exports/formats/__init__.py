"""The formats of exported files, one file per format. `..port` says what a format has."""
