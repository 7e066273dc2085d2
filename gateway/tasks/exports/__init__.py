"""Files with the results, the answers or the proof of a batch, in several formats.

`port` says what a format is given and what it writes. Each format is one file in `formats`, whose
name is the format's name in the API.
"""
