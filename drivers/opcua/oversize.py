"""Nodes whose value alone is longer than a message may be: one of them must not cost the others."""

from collections import Counter
from collections.abc import Sequence

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from drivers.opcua.written import written

TOO_MUCH = frozenset(
    {
        StatusCodes.BadTooManyOperations,
        StatusCodes.BadRequestTooLarge,
        StatusCodes.BadResponseTooLarge,
        StatusCodes.BadTcpMessageTooLarge,
        StatusCodes.BadEncodingLimitsExceeded,
    }
)
"""Answers after which fewer nodes are asked for in one call; the second one is ours, too, for an answer that is longer
than `limits.message`."""
STRIKES = 2
"""Failures of a node that was asked for alone. The first may be that of a publication that came meanwhile: what is
published is read before, when the next session begins, so whose it was is known then."""

Key = tuple[str, object]
"""Namespace URI and identifier: an index may be another one in the next session."""


class Oversize:
    """Of one driver, until it ends: trying again would cost all of them another outage."""

    def __init__(self) -> None:
        self._strikes: Counter[Key] = Counter()
        self._newest: str | None = None

    def struck(self, node: ua.NodeId, namespaces: Sequence[str]) -> None:
        """It was asked for alone, and that was too much."""
        key = _key(node, namespaces)
        self._strikes[key] += 1
        if self._strikes[key] == STRIKES:
            self._newest = written(node, namespaces, ()) or node.to_string()

    def fits(self, node: ua.NodeId, namespaces: Sequence[str]) -> None:
        """It was asked for alone, and came."""
        if self._strikes:
            self._strikes.pop(_key(node, namespaces), None)

    def holds(self, node: ua.NodeId, namespaces: Sequence[str]) -> bool:
        return bool(self._strikes) and self._strikes[_key(node, namespaces)] >= STRIKES

    def told(self) -> str | None:
        """The address of a node that was found since the last call."""
        newest, self._newest = self._newest, None
        return newest


def _key(node: ua.NodeId, namespaces: Sequence[str]) -> Key:
    index = int(node.NamespaceIndex)
    return namespaces[index] if index < len(namespaces) else str(index), node.Identifier
