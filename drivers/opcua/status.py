"""Status codes: how far a value can be trusted, and what a code is called (OPC UA Part 4, 7.38; Part 6, annex A.2)."""

from drivers.contract import Quality

_SEVERITY, _GOOD, _UNCERTAIN = 0xC000_0000, 0x0000_0000, 0x4000_0000
_CODE = 0xCFFF_0000
"""Severity and what happened. The bits below say more about the value; the two between are reserved."""
_INFO_TYPE, _OF_A_VALUE, _OVERFLOW = 0x0C00, 0x0400, 0x0080

_KNOWN: dict[int, tuple[str, Quality]] = {
    0x4000_0000: ("Uncertain", Quality.UNCERTAIN_SENSOR),
    0x408F_0000: ("UncertainNoCommunicationLastUsableValue", Quality.UNCERTAIN_STALE),
    0x4090_0000: ("UncertainLastUsableValue", Quality.UNCERTAIN_STALE),
    0x4091_0000: ("UncertainSubstituteValue", Quality.UNCERTAIN_STALE),
    0x4092_0000: ("UncertainInitialValue", Quality.UNCERTAIN_INITIAL),
    0x4093_0000: ("UncertainSensorNotAccurate", Quality.UNCERTAIN_SENSOR),
    0x4094_0000: ("UncertainEngineeringUnitsExceeded", Quality.UNCERTAIN_RANGE),
    0x40F2_0000: ("UncertainOverRange", Quality.UNCERTAIN_RANGE),
    0x40F3_0000: ("UncertainUnderRange", Quality.UNCERTAIN_RANGE),
    0x8000_0000: ("Bad", Quality.BAD_NULL),
    0x8001_0000: ("BadUnexpectedError", Quality.BAD_PROTOCOL),
    0x8003_0000: ("BadOutOfMemory", Quality.BAD_BUSY),
    0x8004_0000: ("BadResourceUnavailable", Quality.BAD_BUSY),
    0x8005_0000: ("BadCommunicationError", Quality.BAD_NOT_CONNECTED),
    0x8006_0000: ("BadEncodingError", Quality.BAD_DECODE),
    0x8007_0000: ("BadDecodingError", Quality.BAD_DECODE),
    0x8008_0000: ("BadEncodingLimitsExceeded", Quality.BAD_DECODE),
    0x8009_0000: ("BadUnknownResponse", Quality.BAD_PROTOCOL),
    0x800A_0000: ("BadTimeout", Quality.BAD_TIMEOUT),
    0x800B_0000: ("BadServiceUnsupported", Quality.BAD_CONFIG),
    0x800C_0000: ("BadShutdown", Quality.BAD_NOT_CONNECTED),
    0x800D_0000: ("BadServerNotConnected", Quality.BAD_NOT_CONNECTED),
    0x800E_0000: ("BadServerHalted", Quality.BAD_NOT_CONNECTED),
    0x8010_0000: ("BadTooManyOperations", Quality.BAD_CONFIG),
    0x8011_0000: ("BadDataTypeIdUnknown", Quality.BAD_TYPE),
    0x8013_0000: ("BadSecurityChecksFailed", Quality.BAD_DENIED),
    0x801F_0000: ("BadUserAccessDenied", Quality.BAD_DENIED),
    0x8020_0000: ("BadIdentityTokenInvalid", Quality.BAD_DENIED),
    0x8021_0000: ("BadIdentityTokenRejected", Quality.BAD_DENIED),
    0x8022_0000: ("BadSecureChannelIdInvalid", Quality.BAD_NOT_CONNECTED),
    0x8025_0000: ("BadSessionIdInvalid", Quality.BAD_NOT_CONNECTED),
    0x8026_0000: ("BadSessionClosed", Quality.BAD_NOT_CONNECTED),
    0x8027_0000: ("BadSessionNotActivated", Quality.BAD_NOT_CONNECTED),
    0x8028_0000: ("BadSubscriptionIdInvalid", Quality.BAD_NOT_CONNECTED),
    0x8031_0000: ("BadNoCommunication", Quality.BAD_NOT_CONNECTED),
    0x8032_0000: ("BadWaitingForInitialData", Quality.BAD_NULL),
    0x8033_0000: ("BadNodeIdInvalid", Quality.BAD_CONFIG),
    0x8034_0000: ("BadNodeIdUnknown", Quality.BAD_CONFIG),
    0x8035_0000: ("BadAttributeIdInvalid", Quality.BAD_CONFIG),
    0x8036_0000: ("BadIndexRangeInvalid", Quality.BAD_CONFIG),
    0x8037_0000: ("BadIndexRangeNoData", Quality.BAD_CONFIG),
    0x8038_0000: ("BadDataEncodingInvalid", Quality.BAD_CONFIG),
    0x8039_0000: ("BadDataEncodingUnsupported", Quality.BAD_CONFIG),
    0x803A_0000: ("BadNotReadable", Quality.BAD_DENIED),
    0x803D_0000: ("BadNotSupported", Quality.BAD_CONFIG),
    0x803E_0000: ("BadNotFound", Quality.BAD_CONFIG),
    0x803F_0000: ("BadObjectDeleted", Quality.BAD_CONFIG),
    0x8040_0000: ("BadNotImplemented", Quality.BAD_CONFIG),
    0x8041_0000: ("BadMonitoringModeInvalid", Quality.BAD_CONFIG),
    0x8043_0000: ("BadMonitoredItemFilterInvalid", Quality.BAD_CONFIG),
    0x8044_0000: ("BadMonitoredItemFilterUnsupported", Quality.BAD_CONFIG),
    0x8045_0000: ("BadFilterNotAllowed", Quality.BAD_CONFIG),
    0x804E_0000: ("BadNodeNotInView", Quality.BAD_CONFIG),
    0x805F_0000: ("BadNodeClassInvalid", Quality.BAD_CONFIG),
    0x8060_0000: ("BadBrowseNameInvalid", Quality.BAD_CONFIG),
    0x806D_0000: ("BadTooManyMatches", Quality.BAD_CONFIG),
    0x806F_0000: ("BadNoMatch", Quality.BAD_CONFIG),
    0x8074_0000: ("BadTypeMismatch", Quality.BAD_TYPE),
    0x807D_0000: ("BadTcpServerTooBusy", Quality.BAD_BUSY),
    0x8081_0000: ("BadTcpNotEnoughResources", Quality.BAD_BUSY),
    0x8085_0000: ("BadRequestTimeout", Quality.BAD_TIMEOUT),
    0x8086_0000: ("BadSecureChannelClosed", Quality.BAD_NOT_CONNECTED),
    0x8089_0000: ("BadConfigurationError", Quality.BAD_CONFIG),
    0x808A_0000: ("BadNotConnected", Quality.BAD_NOT_CONNECTED),
    0x808B_0000: ("BadDeviceFailure", Quality.BAD_DEVICE),
    0x808C_0000: ("BadSensorFailure", Quality.BAD_DEVICE),
    0x808D_0000: ("BadOutOfService", Quality.BAD_DEVICE),
    0x808E_0000: ("BadDeadbandFilterInvalid", Quality.BAD_CONFIG),
    0x809B_0000: ("BadNoData", Quality.BAD_NULL),
    0x809E_0000: ("BadDataUnavailable", Quality.BAD_NULL),
    0x80AE_0000: ("BadConnectionClosed", Quality.BAD_NOT_CONNECTED),
    0x80B1_0000: ("BadNoDataAvailable", Quality.BAD_NULL),
    0x80B2_0000: ("BadWaitingForResponse", Quality.BAD_BUSY),
    0x80BF_0000: ("BadStateNotActive", Quality.BAD_NULL),
    0x80DB_0000: ("BadTooManyMonitoredItems", Quality.BAD_CONFIG),
    0x80E4_0000: ("BadRequestNotAllowed", Quality.BAD_DENIED),
    0x80E6_0000: ("BadSecurityModeInsufficient", Quality.BAD_DENIED),
    0x80EA_0000: ("BadIndexRangeDataMismatch", Quality.BAD_CONFIG),
    0x80EE_0000: ("BadServerTooBusy", Quality.BAD_BUSY),
    0x80F0_0000: ("BadNoValue", Quality.BAD_NULL),
}
"""Codes with a reason of their own. Of the connection those are here that a server may put beside a value, too."""


def quality(status: int) -> Quality | None:
    """The reason of a status code (32 bits) that is not good; None for a good one.

    A bad one means that there is no value, even where the server sends one. The severity decides first, so a code
    that nobody knows is bad or uncertain as well: as `bad.device` or `uncertain.sensor`. The fourth severity is
    reserved and counts as bad (Part 4, 7.38.1).
    """
    severity = status & _SEVERITY
    if severity == _GOOD:
        return None
    known = _KNOWN.get(status & _CODE)
    if known is not None:
        return known[1]
    return Quality.UNCERTAIN_SENSOR if severity == _UNCERTAIN else Quality.BAD_DEVICE


def overflowed(status: int) -> bool:
    """Whether values between this one and the one before were lost in the server's queue (Part 4, 7.38.1)."""
    return status & _INFO_TYPE == _OF_A_VALUE and bool(status & _OVERFLOW)


def name(status: int) -> str:
    """What the code is called, `BadNodeIdUnknown`, without the bits about the value; `0x80FE0000` of an unknown one."""
    code = status & _CODE
    known = _KNOWN.get(code)
    if known is not None:
        return known[0]
    from asyncua.ua.status_codes import code_to_name_doc

    return code_to_name_doc[code][0] if code in code_to_name_doc else f"0x{code:08X}"
