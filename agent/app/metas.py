"""The metas of a run: revised at its start, and again when a machine says who it is."""

import asyncio
from collections.abc import Mapping, Sequence

from agent import meta
from agent.app.site import Site, contents
from agent.config import Configuration
from agent.formats.contract import Meta
from agent.outbox.contract import Outbox
from drivers.contract import Identifying

NAME = "metas"
"""Under which the outbox remembers them."""


class Metas:
    """Device -> meta, as it is now."""

    def __init__(self, configuration: Configuration, outbox: Outbox) -> None:
        self._outbox = outbox
        self._contents = contents(configuration)
        self._labels = {device.name: device.labels for device in configuration.devices}
        self._memory = meta.from_json(outbox.recall(NAME))
        self._one_at_a_time = asyncio.Lock()
        self.current: Mapping[str, Meta] = {}
        """Another object whenever one of them is another."""

    @property
    def removed(self) -> Sequence[Mapping[str, str]]:
        """Labels of devices that were here in an earlier run and are not any more."""
        return self._memory.removed

    async def revise(self) -> None:
        """What is remembered is remembered before anybody hears of it: no revision ever means two things."""
        current, self._memory = meta.revise(self._memory, self._contents, self._labels)
        await self._outbox.remember(NAME, meta.to_json(self._memory))
        self.current = current

    async def look(self, site: Site) -> None:
        """Take up what machines say of themselves; records name the new metas from then on."""
        async with self._one_at_a_time:
            memory = self._memory
            for connection in site.connections:
                if isinstance(connection.driver, Identifying):
                    memory = meta.identified(memory, connection.driver.identities)
            if memory is not self._memory:
                self._memory = memory
                await self.revise()
                for name, device in site.devices.items():
                    device.rev = self.current[name].rev
