"""The client's imports and exports: files of any size, which the gateway reads and writes later."""
