"""How a poll is grouped: every client's events in their order, each client at most once a group, few groups."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.applying import Received, layers
from common.cloudevents import Entry
from common.contracts.event import ClientEvent
from tests.common.conftest import NOON, Counted, counted


class Other(ClientEvent):
    type = "test.other.v1"
    number: int = 0


def received(client: int, kind: type[ClientEvent], number: int) -> Received[ClientEvent]:
    identity = UUID(int=client)
    event = counted(identity, number) if kind is Counted else Other(client_id=identity, occurred_at=NOON, number=number)
    return Received(event, Entry("test", 0, number, event.event_id, event.type, identity, "{}", b""))


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([Counted, Other])), max_size=30))
def test_every_clients_events_keep_their_order_and_meet_a_handler_one_at_a_time(drawn: list[tuple[int, type[ClientEvent]]]) -> None:
    poll = [received(client, kind, number) for number, (client, kind) in enumerate(drawn)]
    groups = layers(poll)
    handled = [item for _, group in groups for item in group]
    assert sorted(item.entry.position for item in handled) == list(range(len(poll)))
    for client in {client for client, _ in drawn}:
        mine = [item.entry.position for item in handled if item.entry.subject == UUID(int=client)]
        assert mine == sorted(mine)
    for kind, group in groups:
        assert all(type(item.event) is kind for item in group)
        assert len({item.entry.subject for item in group}) == len(group)


def test_events_of_one_kind_about_many_clients_are_one_group() -> None:
    assert len(layers([received(client, Counted, client) for client in range(1, 50)])) == 1
