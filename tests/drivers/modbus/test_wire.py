"""Between a transport and an exchange: nothing that was asked gets lost."""

from drivers.modbus.address import Table
from drivers.modbus.batch import Batch
from drivers.modbus.counts import Counts
from drivers.modbus.exchange import MbapExchange
from drivers.modbus.plan import Block
from drivers.modbus.request import request
from drivers.modbus.wire import Wire

GARBAGE = b"\xff\xff\xa5\xa5" + bytes(20)


class Output:
    """A transport that keeps what is written; closing it takes until later."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        return


async def test_a_deadline_right_after_a_break_takes_nothing_from_what_is_asked_again() -> None:
    """Bytes that break the stream and the time-out of other requests can come in one turn of the loop."""
    counts, output = Counts(), Output()
    exchange = MbapExchange(7, 0.0, 4, counts)
    wire = Wire(exchange, 0.0)
    wire.begin(output)
    asked = [request(1, Block(Table.HOLDING, start, 1, ())) for start in range(4)]
    first = wire.run(Batch(asked[:1]))
    wire.arrived(output.written[:2] + bytes((0, 0, 0, 5, 1, 3, 2, 0, 9)))
    assert first.done(), "now it is known that the peer echoes ids"
    batch = Batch(asked)
    run = wire.run(batch)
    wire.arrived(GARBAGE)
    assert run.done()
    wire._reach_deadline()
    assert exchange.give_up() == [1, 2, 3], "the oldest ended with the garbage, the others are asked again"
    assert counts.timeouts == 0
    wire.ended()
