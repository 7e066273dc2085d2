"""The inputs of a session: all that the worker typed, joined by `*`.

The network sends the transcript with every step.
"""

from gateway.ussd.port import UssdStep


def typed(step: UssdStep) -> str:
    """Return the transcript without the dialled code.

    Some networks send the start of a session twice. The second call has the code as its content,
    and the code then stands first in all further transcripts.

    >>> typed(UssdStep("s", "", "*384*20#", "*384*20#"))
    ''
    >>> typed(UssdStep("s", "", "*384*20#", "384*20*1"))
    '1'
    >>> typed(UssdStep("s", "", "*384*20#", "3*84"))
    '3*84'
    >>> typed(UssdStep("s", "", "*384*20#", "384*200"))
    '384*200'
    """
    return behind_code(step.transcript, step.service_code)


def is_new(step: UssdStep) -> bool:
    """Return True if a step begins a session."""
    return step.newest is None and not typed(step)


def behind_code(text: str, service_code: str) -> str:
    """Return the input behind the code, or the whole text where it does not begin with the code.

    >>> behind_code("*713*10*5#", "713*10"), behind_code("*713#", "*713#")
    ('5', '')
    >>> behind_code("12", "*713#")
    '12'
    """
    code = service_code.strip("*#")
    said = text.lstrip("*")
    if not code or not said.startswith(code):
        return text
    rest = said[len(code) :].removeprefix("#")
    if rest and not rest.startswith("*"):
        return text
    if text.startswith("*"):
        # A dialled text ends with the sign that ends a code; it is not input.
        rest = rest.removesuffix("#")
    return rest.removeprefix("*")


def new_keys(known: str | None, step: UssdStep) -> list[str] | None:
    """Return the keys that the worker pressed since `known`.

    Return [] for a plain dial, and None when the transcript does not follow from `known`. Within a
    session all new text is one input, even with a `*` in it, because the worker typed it. At the
    start several inputs come at once when the worker dialled *384*20*1*2#, and each of them is a
    key.

    >>> new_keys("1", UssdStep("s", "", "*384*20#", "1*a*b"))
    ['a*b']
    >>> new_keys(None, UssdStep("s", "", "*384*20#", "1*2"))
    ['1', '2']
    """
    if known is None:
        return step.transcript.split("*") if step.transcript else []
    if known == "" and step.transcript:
        return [step.transcript]
    if step.transcript.startswith(f"{known}*"):
        return [step.transcript[len(known) + 1 :]]
    return None
