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
    code = step.service_code.strip("*#")
    said = step.transcript.lstrip("*")
    if not code or not said.startswith(code):
        return step.transcript
    rest = said[len(code) :].removeprefix("#")
    if rest and not rest.startswith("*"):
        return step.transcript
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
