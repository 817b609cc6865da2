"""Every code with a reason of its own, the severities, the overflow bit, and names as asyncua has them."""

import pytest
from asyncua import ua
from asyncua.ua.status_codes import code_to_name_doc
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Quality
from drivers.opcua.status import name, overflowed, quality

REASONS = {
    Quality.UNCERTAIN_STALE: "UncertainNoCommunicationLastUsableValue UncertainLastUsableValue"
    " UncertainSubstituteValue",
    Quality.UNCERTAIN_INITIAL: "UncertainInitialValue",
    Quality.UNCERTAIN_RANGE: "UncertainEngineeringUnitsExceeded UncertainOverRange UncertainUnderRange",
    Quality.UNCERTAIN_SENSOR: "Uncertain UncertainSensorNotAccurate UncertainSubNormal UncertainDataSubNormal"
    " UncertainSimulatedValue UncertainSensorCalibration UncertainDominantValueChanged",
    Quality.BAD_NULL: "Bad BadWaitingForInitialData BadNoData BadDataUnavailable BadNoDataAvailable BadNoValue",
    Quality.BAD_PROTOCOL: "BadUnexpectedError BadUnknownResponse",
    Quality.BAD_DECODE: "BadDecodingError BadEncodingError BadEncodingLimitsExceeded",
    Quality.BAD_TIMEOUT: "BadTimeout BadRequestTimeout",
    Quality.BAD_NOT_CONNECTED: "BadNotConnected BadNoCommunication BadCommunicationError BadServerNotConnected"
    " BadShutdown BadServerHalted BadSecureChannelIdInvalid BadSessionIdInvalid BadSessionClosed BadSessionNotActivated"
    " BadSubscriptionIdInvalid BadSecureChannelClosed BadConnectionClosed",
    Quality.BAD_CONFIG: "BadNodeIdUnknown BadNodeIdInvalid BadAttributeIdInvalid BadIndexRangeInvalid"
    " BadIndexRangeNoData BadIndexRangeDataMismatch BadDataEncodingInvalid BadDataEncodingUnsupported BadNotSupported"
    " BadNotFound BadObjectDeleted BadNotImplemented BadMonitoringModeInvalid BadMonitoredItemFilterInvalid"
    " BadMonitoredItemFilterUnsupported BadFilterNotAllowed BadNodeNotInView BadNodeClassInvalid BadBrowseNameInvalid"
    " BadTooManyMatches BadNoMatch BadConfigurationError BadDeadbandFilterInvalid BadTooManyMonitoredItems"
    " BadTooManyOperations BadServiceUnsupported",
    Quality.BAD_DENIED: "BadUserAccessDenied BadNotReadable BadSecurityChecksFailed BadIdentityTokenInvalid"
    " BadIdentityTokenRejected BadRequestNotAllowed BadSecurityModeInsufficient",
    Quality.BAD_TYPE: "BadTypeMismatch BadDataTypeIdUnknown",
    Quality.BAD_BUSY: "BadOutOfMemory BadResourceUnavailable BadTcpServerTooBusy BadTcpNotEnoughResources"
    " BadWaitingForResponse BadServerTooBusy",
    Quality.BAD_DEVICE: "BadDeviceFailure BadSensorFailure BadOutOfService BadInternalError BadOutOfRange"
    " BadInvalidState BadDataLost",
}

LINES = [(code, reason) for reason, codes in REASONS.items() for code in codes.split()]


@pytest.mark.parametrize(("code", "reason"), LINES)
def test_a_code_has_its_reason(code: str, reason: Quality) -> None:
    status = getattr(ua.StatusCodes, code)
    assert quality(status) is reason
    assert quality(status | 0x0000_F7FF) is reason
    assert name(status) == name(status | 0xFFFF) == code


@pytest.mark.parametrize("status", sorted(code_to_name_doc))
def test_names_are_those_of_the_standard(status: int) -> None:
    assert name(status) == code_to_name_doc[status][0]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, None),
        (0x0030_0000, None),  # GoodClamped
        (0x0096_0000, None),  # GoodLocalOverride
        (0x0000_0480, None),
        (0x3FFF_FFFF, None),
        (0x4ABC_0000, Quality.UNCERTAIN_SENSOR),
        (0x8ABC_0000, Quality.BAD_DEVICE),
        (0xC000_0000, Quality.BAD_DEVICE),
        (0xC034_0000, Quality.BAD_DEVICE),
        (0xFFFF_FFFF, Quality.BAD_DEVICE),
        (0xB034_0000, Quality.BAD_CONFIG),
    ],
)
def test_the_severity_decides_first(status: int, reason: Quality | None) -> None:
    assert quality(status) is reason


@given(st.integers(0, 2**32 - 1))
def test_good_uncertain_and_bad_are_what_asyncua_takes_for_them(status: int) -> None:
    reason = quality(status)
    code = ua.StatusCode(status)
    assert (reason is None) is code.is_good()
    assert (reason is not None and reason.is_bad) is code.is_bad()
    assert name(status)


@pytest.mark.parametrize(
    ("status", "is_overflow"),
    [
        (0x0000_0480, True),
        (0x4090_0480, True),
        (0x0000_07FF, True),
        (0x0000_0400, False),
        (0x0000_0080, False),  # the bits belong to something else than a value
        (0x0000_0880, False),
        (0x0000_0C80, False),
        (0, False),
    ],
)
def test_the_overflow_bit(status: int, is_overflow: bool) -> None:
    assert overflowed(status) is is_overflow


def test_a_code_that_nobody_knows_is_shown_as_number() -> None:
    assert name(0x80FE_0480) == "0x80FE0000"
    assert name(0) == "Good"
