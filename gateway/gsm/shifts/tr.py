"""The shift tables of Turkish.

3GPP TS 23.038 annex A.2.1 (single shift) and A.3.1 (locking shift).
"""

SINGLE = frozenset("\f^{}\\[~]|€") | frozenset("ŞşĞğİıç")  # the extension table and more letters

LOCKING = frozenset(
    "@£$¥€éùıòÇ\nĞğ\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞŞşßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "İABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "çabcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
