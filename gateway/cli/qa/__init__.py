"""The `gateway qa` commands: the quality engine on files of answers, without a server."""
