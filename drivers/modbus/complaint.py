"""What the operator hears of refused tags: once when some are refused, once when all can be read again."""

from collections.abc import Mapping

from drivers.contract import Journal

SHOWN = 8


class Complaint:
    """The refused tags of one device, over all its groups."""

    def __init__(self, journal: Journal, device: str) -> None:
        self.journal = journal
        self.device = device
        self._refused: set[str] = set()

    def refused(self, tags: Mapping[str, str]) -> None:
        """Tag name -> address, in canonical notation, of tags that the device refuses from now on."""
        if not tags:
            return
        say = self.journal.note if self._refused else self.journal.lost
        say(
            "M2002" if self._refused else "M2001",
            self.device,
            count=len(tags),
            tags=_few(list(tags)),
            address=_few(list(tags.values())),
        )
        self._refused.update(tags)

    def readable(self, tags: list[str]) -> None:
        """These can be read again."""
        if self._refused and self._refused <= set(tags):
            self.journal.back("M2001", self.device)
        self._refused.difference_update(tags)

    def limited(self, registers: int) -> None:
        """The device does not answer longer requests."""
        self.journal.note("M2004", self.device, registers=registers)


def _few(words: list[str]) -> str:
    return ", ".join(words) if len(words) <= SHOWN else ", ".join([*words[: SHOWN - 1], f"... {words[-1]}"])
