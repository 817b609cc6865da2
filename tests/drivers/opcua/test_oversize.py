"""Which node is too long for any message."""

from asyncua import ua

from drivers.opcua.oversize import Oversize

SPACES = ("http://opcfoundation.org/UA/", "urn:server", "urn:press")


def node(index: int, name: str) -> ua.NodeId:
    return ua.NodeId(ua.String(name), ua.Int16(index))


def test_a_single_failure_convicts_nobody() -> None:
    oversize = Oversize()
    oversize.struck(node(2, "Text"), SPACES)
    assert not oversize.holds(node(2, "Text"), SPACES)
    assert oversize.told() is None
    oversize.struck(node(2, "Other"), SPACES)
    assert not oversize.holds(node(2, "Text"), SPACES)


def test_failures_with_a_success_between_them_convict_nobody() -> None:
    oversize = Oversize()
    for _ in range(3):
        oversize.struck(node(2, "Text"), SPACES)
        oversize.fits(node(2, "Text"), SPACES)
    assert not oversize.holds(node(2, "Text"), SPACES)
    assert oversize.told() is None


def test_it_is_told_once_by_its_address() -> None:
    oversize = Oversize()
    for _ in range(3):
        oversize.struck(node(2, "Press;1"), SPACES)
    assert oversize.told() == "nsu=urn:press;s=Press;1"
    assert oversize.told() is None


def test_a_namespace_that_moved_makes_no_other_node_of_it() -> None:
    oversize = Oversize()
    for _ in range(2):
        oversize.struck(node(2, "Text"), SPACES)
    moved = (*SPACES[:2], "urn:new", "urn:press")
    assert oversize.holds(node(3, "Text"), moved)
    assert not oversize.holds(node(2, "Text"), moved)


def test_a_namespace_that_nobody_named() -> None:
    oversize = Oversize()
    for _ in range(2):
        oversize.struck(node(7, "Text"), SPACES)
    assert oversize.holds(node(7, "Text"), SPACES)
    assert oversize.told() == "ns=7;s=Text"
