"""The segment counter beside smsutil (Python), for texts of one, three and five parts."""

import json
import time
from collections.abc import Callable

from smsutil import split

from gateway.gsm.segments import count_segments

TEXTS = {
    "one GSM-7 part": "Je, duka la Mama Njeri liko Kibera? " * 4,
    "five GSM-7 parts with escapes": "{Je}, duka la Mama Njeri liko Kibera? 5 \u20ac " * 15,
    "three UCS-2 parts": "\u1230\u120b\u121d \U0001f600 duka " * 16,
}
ROUNDS, CALLS = 30, 100


def microseconds(call: Callable[[], object]) -> float:
    """Return the best of many rounds, which is the cost without other load."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(CALLS):
            call()
        best = min(best, (time.perf_counter() - began) / CALLS)
    return best * 1e6


def run() -> list[dict[str, object]]:
    plain = count_segments.__wrapped__  # The cache is bypassed, as for a text that was never seen.
    results = list[dict[str, object]]()
    for name, text in TEXTS.items():
        assert count_segments(text).segments == len(split(text).parts)
        ours = microseconds(lambda text=text: plain(text))
        peer = microseconds(lambda text=text: split(text))
        results.append(
            {
                "name": f"segments: {name}",
                "ours": round(ours, 2),
                "floor": round(peer, 2),
                "ratio": round(peer / ours, 1),
                "unit": "us",
                "p50_ms": None,
                "p99_ms": None,
                "note": "beside it smsutil; the ratio is how many times faster",
            }
        )
    return results


if __name__ == "__main__":
    print(json.dumps({"results": run()}, indent=1))
