"""A device in memory: for the demo, for tests, and as the smallest complete driver for authors to read.

`PLUGIN` is what the entry point `simulated` names. See docs/drivers.md.
"""

from drivers.contract import DriverPlugin
from drivers.simulated.chinese import KEYS
from drivers.simulated.config import Address, Connection, Device
from drivers.simulated.driver import describe, open_driver
from drivers.simulated.messages import MESSAGES

PLUGIN = DriverPlugin(
    connection=Connection,
    device=Device,
    address=Address,
    open=open_driver,
    subscribes="if asked",
    describe=describe,
    chinese=KEYS,
    messages=MESSAGES,
)
