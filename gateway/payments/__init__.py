"""Payouts: the port, states, rules of cashing out, one provider a file."""
