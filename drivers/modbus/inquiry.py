"""A refused block on the wire: the search through its points, and what it brings."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from drivers.contract import NO_FAULTS, Quality
from drivers.modbus.address import Table
from drivers.modbus.layout import Layout
from drivers.modbus.live import LiveBlock, fault_of
from drivers.modbus.request import REFUSALS, Outcome, Request, Result
from drivers.modbus.search import Cell, Search, Span

Ask = Callable[[Request], Awaitable[Outcome]]


class Findings(NamedTuple):
    """What a search through one block brought. Every point of the block is in exactly one of these."""

    bad: Sequence[int]
    """Indexes of tags that were refused alone."""
    presumed: Sequence[int]
    """Indexes of tags that are taken for bad until each is read alone."""
    answers: Sequence[tuple[LiveBlock, Outcome]]
    """What was read of the others."""
    faults: Mapping[int, Quality]
    """Tags that nothing was found out about, because the device stopped answering."""


async def inquire(layout: Layout, refused: LiveBlock, ask: Ask) -> Findings:
    """Find out which of a block's points the device refuses, reading the others on the way.

    Holes that are found go into the layout, which then has to be planned again; the quarantine is left to the caller.
    Raises `NotConnected` as asking does.
    """
    cells = layout.cells_of(refused.block)
    search = Search(list(cells))
    members = list(cells.values())
    read: dict[Span, tuple[LiveBlock, Outcome]] = {}
    while (span := search.next_span) is not None:
        live = layout.live_block_of(index for cell in members[slice(*span)] for index in cell)
        outcome = await ask(live.request)
        if outcome.result is not Result.ANSWER and outcome.code not in REFUSALS:
            return _findings(layout, cells, search, read, fault_of(outcome))
        search.feed(refused=outcome.result is not Result.ANSWER)
        read[span] = live, outcome
    _learn(layout, refused.block.table, search, read)
    return _findings(layout, cells, search, read, None)


def _learn(layout: Layout, table: Table, search: Search, read: Mapping[Span, tuple[LiveBlock, Outcome]]) -> None:
    """What makes a request fail though every point in it can be read."""
    for start, end in search.holes:
        layout.add_hole(table, start, end)
    for address in search.joints:
        layout.add_boundary(table, address)
    if search.longest is not None:
        layout.limit(table, read[search.longest][0].block.count)


def _findings(
    layout: Layout,
    cells: Mapping[Cell, Sequence[int]],
    search: Search,
    read: Mapping[Span, tuple[LiveBlock, Outcome]],
    stopped: Quality | None,
) -> Findings:
    bad: list[int] = []
    presumed: list[int] = []
    for at, (cell, members) in enumerate(cells.items()):
        if at in search.bad and all(_is_whole(layout, index, cell) for index in members):
            bad += members
        elif at in search.bad or at in search.presumed:
            presumed += members
    answers = [read[piece] for piece in _latest(search.pieces)]
    known = {*bad, *presumed, *(index for live, _ in answers for index in live.block.members)}
    unknown = [index for members in cells.values() for index in members if index not in known]
    return Findings(bad, presumed, answers, dict.fromkeys(unknown, stopped) if stopped else NO_FAULTS)


def _is_whole(layout: Layout, index: int, cell: Cell) -> bool:
    """Whether a point needs all of its cell; one that needs a part of it may be readable though the cell is not."""
    point = layout.points[index]
    return (point.offset, point.end) == cell


def _latest(pieces: Sequence[Span]) -> list[Span]:
    """Pieces without those that a later one holds as well."""
    return [
        piece
        for at, piece in enumerate(pieces)
        if not any(later.first <= piece.first and piece.end <= later.end for later in pieces[at + 1 :])
    ]
