"""What a machine says of itself: Identification of OPC 40001-1 (Machinery), which other standards put beside theirs."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from asyncua import ua

from drivers.opcua.packml.machine import Space, child
from drivers.opcua.space import Found

IDENTIFICATION = "Identification"
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "Manufacturer": "manufacturer",
        "Model": "model",
        "ProductCode": "product_code",
        "SerialNumber": "serial_number",
        "ProductInstanceUri": "product_instance_uri",
        "DeviceClass": "device_class",
        "YearOfConstruction": "year_of_construction",
        "HardwareRevision": "hardware_revision",
        "SoftwareRevision": "software_revision",
    }
)
"""Property -> label. Where a machine stands and what people call it is left to those who configure."""
LONGEST = 200
"""Characters of a label."""


async def identification(space: Space, *around: Sequence[Found]) -> dict[str, ua.NodeId]:
    """Label -> node, given what is below the machine and below its building blocks."""
    for below in around:
        if (one := child(below, IDENTIFICATION)) is not None:
            (properties,) = await space.below([one.node])
            return {label: found.node for name, label in LABELS.items() if (found := child(properties, name))}
    return {}


async def read(space: Space, identity: Mapping[str, ua.NodeId]) -> dict[str, str]:
    """Label -> text, of what has one."""
    answers = await space.read(list(identity.values())) if identity else []
    texts = {label: _text(value) for label, (value, status) in zip(identity, answers, strict=True) if not status}
    return {label: text for label, text in texts.items() if text}


def _text(value: object) -> str:
    said = value.Text if isinstance(value, ua.LocalizedText) else value
    return "" if said is None else " ".join(str(said).split())[:LONGEST]
