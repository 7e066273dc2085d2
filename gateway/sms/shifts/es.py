"""Spanish: 3GPP TS 23.038 annex A.2.2 (single shift); A.3.2 is void, there is no locking table."""

SINGLE = frozenset("\f^{}\\[~]|€") | frozenset("ÁáÍíÓóÚúç")  # the extension table, and more

LOCKING = None
