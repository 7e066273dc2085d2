"""The shift tables of Spanish: 3GPP TS 23.038 annex A.2.2 (single shift).

Annex A.3.2 is void: there is no locking table.
"""

SINGLE = frozenset("\f^{}\\[~]|€") | frozenset("ÁáÍíÓóÚúç")  # the extension table and more letters

LOCKING = None
