"""The alphabets of GSM, and the counting of the segments and characters that a text needs in them."""
