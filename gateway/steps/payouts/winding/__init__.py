"""The safe exit: paying all balances from a backup, once, with proof. See decision 0073."""
