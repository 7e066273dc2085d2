"""The corrections of gold and of labels, and what follows from them."""
