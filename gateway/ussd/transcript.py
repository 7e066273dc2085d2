"""What a worker has typed in a session: all her inputs joined by `*`, as the network tells them at every step."""

from gateway.ussd.port import UssdStep


def typed(step: UssdStep) -> str:
    """The transcript without the dialled code: some networks send the start of a session twice, the second time with
    the code as content (which then stands first in all that follows).

    >>> typed(UssdStep("s", "", "*384*20#", "*384*20#")), typed(UssdStep("s", "", "*384*20#", "384*20*1"))
    ('', '1')
    >>> typed(UssdStep("s", "", "*384*20#", "3*84")), typed(UssdStep("s", "", "*384*20#", "384*200"))
    ('3*84', '384*200')
    """
    return behind_code(step.transcript, step.service_code)


def is_new(step: UssdStep) -> bool:
    """Return whether a step begins a session."""
    return step.newest is None and not typed(step)


def behind_code(text: str, service_code: str) -> str:
    """Return what was dialled or typed behind the code; the whole text where it does not begin with the code.

    >>> behind_code("*713*10*5#", "713*10"), behind_code("*713#", "*713#"), behind_code("12", "*713#")
    ('5', '', '12')
    """
    code = service_code.strip("*#")
    said = text.lstrip("*")
    if not code or not said.startswith(code):
        return text
    rest = said[len(code) :].removeprefix("#")
    if rest and not rest.startswith("*"):
        return text
    if text.startswith("*"):
        rest = rest.removesuffix("#")  # as it was dialled: the sign that ends a code, and no input
    return rest.removeprefix("*")


def new_keys(known: str | None, step: UssdStep) -> list[str] | None:
    """What the worker pressed since `known`; [] for a plain dial, None when the transcript does not follow from it.

    Within a session all that is new is one input, even with a `*` in it: the worker typed that. At the start,
    inputs come at once when she dialled deep (*384*20*1*2#), and each is a key.

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
