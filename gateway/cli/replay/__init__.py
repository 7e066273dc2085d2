"""`gateway replay`: recorded crowd answers played through simulated phones, the whole way to payout."""
