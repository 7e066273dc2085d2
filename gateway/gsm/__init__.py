"""The alphabets of GSM, and the number of segments and characters that a text takes in them."""
