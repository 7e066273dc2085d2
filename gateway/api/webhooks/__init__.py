"""The routes that providers of messages and of payouts call."""
