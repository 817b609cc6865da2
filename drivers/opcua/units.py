"""Engineering units as servers give them (OPC 10000-8, 5.6.4.3) -> UCUM."""

from collections.abc import Mapping
from math import isfinite

UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"
"""The namespace in which unit ids are the bytes of UNECE common codes."""
_UCUM: Mapping[int, str] = {
    20529: "%",  # P1
    12888: "m/min",  # 2X
    4937544: "kW.h",  # KWH
    4408652: "Cel",  # CEL
    5066817: "MPa",  # MPA
    13384: "um",  # 4H
    5129559: "N",  # NEW
    4404786: "1",  # C62
}


def unit_of(found: object) -> tuple[str, str]:
    """UCUM, empty where it is not known; and the text that the server shows."""
    shown = getattr(found, "DisplayName", None)
    text = str(getattr(shown, "Text", None) or "").strip()
    if getattr(found, "NamespaceUri", None) not in (UNECE, "", None):
        return "", text
    return _UCUM.get(getattr(found, "UnitId", 0), ""), text


def range_of(found: object) -> tuple[float, float] | None:
    """Low and high, if that is what they are."""
    low, high = getattr(found, "Low", None), getattr(found, "High", None)
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    return (float(low), float(high)) if isfinite(low) and isfinite(high) and low < high else None
