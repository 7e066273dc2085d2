"""The books of open connections, without a socket."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.api.edge.connections import YOUNG_S, ConnectionTable
from gateway.settings import DoorLimits, Settings


class Caller:
    def __init__(self, host):
        self.host, self.line, self.gone = host, None, ""

    def give_way(self, text, setting):
        self.gone = setting


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def books(clock=None, proxies=(), most=1_000_000, **limits):
    found = {"connections": 10, "connections_reserved": 4, "connections_per_address": 3, **limits}
    return ConnectionTable(DoorLimits(**found), proxies, most, now=clock or Clock())


def opens(connections, host):
    caller = Caller(host)
    caller.line = connections.opened(caller, host)
    return caller


def test_of_one_address_the_one_that_waited_longest_goes():
    clock = Clock()
    connections = books(clock)
    callers = [opens(connections, "10.0.0.1") for _ in range(3)]
    clock.now = YOUNG_S
    assert opens(connections, "10.0.0.1").line is not None
    assert [bool(each.gone) for each in callers] == [True, False, False]
    assert callers[0].gone == "limits.connections_per_address"


def test_a_household_of_ipv6_is_one_address():
    clock = Clock()
    connections = books(clock)
    callers = [opens(connections, f"2001:db8::{number}") for number in range(3)]
    clock.now = YOUNG_S
    opens(connections, "2001:db8:0:1::1")
    assert not any(each.gone for each in callers)
    opens(connections, "2001:db8::ffff")
    assert callers[0].gone


def test_strangers_never_have_the_reserved_places():
    connections = books()
    for number in range(50):
        opens(connections, f"10.0.{number}.1")
    assert len(connections) == 6


def test_a_proven_connection_makes_room_for_strangers_and_outlives_them():
    connections = books()
    phones = [opens(connections, "10.9.9.9") for _ in range(3)]
    for phone in phones:
        connections.proven(phone.line)
    for number in range(50):
        opens(connections, f"10.0.{number}.1")
    assert not any(phone.gone for phone in phones)
    assert len(connections) == 9


def test_a_connection_that_is_worked_on_is_not_closed_for_another():
    connections = books()
    busy = [opens(connections, f"10.0.{number}.1") for number in range(6)]
    for each in busy:
        connections.busy(each.line)
    assert opens(connections, "10.1.0.1").line is None
    connections.waiting(busy[3].line)
    assert opens(connections, "10.1.0.1").line is not None
    assert busy[3].gone == "limits.connections"


def test_a_proxy_has_no_limit_by_address():
    settings = Settings(trusted_proxies=("10.0.0.0/24",))
    clock = Clock()
    connections = books(clock, settings.trusted_proxies)
    callers = [opens(connections, "10.0.0.7") for _ in range(9)]
    clock.now = YOUNG_S
    opens(connections, "10.0.0.7")
    assert not any(each.gone for each in callers)


def test_where_the_system_allows_few_files_half_stays_reserved():
    connections = books(most=4)
    assert (connections.total, connections.for_strangers) == (4, 2)


HOSTS = ["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", ""]
EVENTS = st.tuples(
    st.sampled_from(["open", "busy", "waiting", "proven", "closed", "later"]),
    st.sampled_from(HOSTS),
    st.integers(0, 30),
)


@given(st.lists(EVENTS, max_size=120))
def test_whatever_happens_the_books_hold_what_is_open_and_no_more(events):
    clock = Clock()
    connections = books(clock)
    callers = []
    for what, host, which in events:
        if what == "open":
            caller = opens(connections, host)
            if caller.line is not None:
                callers.append(caller)
        elif what == "later":
            clock.now += 1
        elif callers:
            getattr(connections, what)(callers[which % len(callers)].line)
        still = [c for c in callers if not c.gone and c.line.state.name != "CLOSED"]
        assert len(connections) == len(still) <= connections.total
        strangers = [c for c in still if not c.line.phone]
        assert connections._strangers == len(strangers) <= connections.for_strangers
        assert sum(connections._of_address.values()) == len(strangers)
