"""The shift tables of Portuguese.

3GPP TS 23.038 annex A.2.3 (single shift) and A.3.3 (locking shift).
"""

SINGLE = frozenset(
    "\f^{}\\[~]|€"  # the extension table
    "ÀÁáÂâÃãÊêÍíÓóÔôÕõÚúç"
    "ΦΓΩΠΨΣΘ"
)

LOCKING = frozenset(
    "@£$¥êéúíóç\nÔô\rÁá"
    "Δ_ªÇÀ∞^\\€Ó|ÂâÊÉ"
    " !\"#º%&'()*+,-./"
    "0123456789:;<=>?"
    "ÍABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÃÕÚÜ§"
    "~abcdefghijklmno"
    "pqrstuvwxyzãõ`üà"
)
