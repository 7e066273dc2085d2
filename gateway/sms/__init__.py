"""The SMS side: the port, the counting of segments, and one file per channel."""
