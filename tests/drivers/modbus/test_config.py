"""What a person may write, and what is said of the rest."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from drivers.modbus import PLUGIN
from drivers.modbus.config import Address, Connection, Device, Limits
from drivers.modbus.shelf import profile


def problem(model: type[BaseModel], **keys: object) -> tuple[str, str]:
    """Type and place of the only problem; a problem of ours must have its message."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(keys)
    (found,) = caught.value.errors()
    if found["type"][0] in "MQ":
        message = PLUGIN.messages[found["type"]]
        for template in (message.zh, message.en, message.hint_zh, message.hint_en):
            template.format(**found["ctx"])
    return found["type"], ".".join(str(part) for part in found["loc"])


def test_what_is_no_endpoint_is_refused() -> None:
    assert problem(Connection, url="192.168.1.10") == ("M1001", "url")
    assert problem(Connection, url="rtu:///dev/ttyS1?speed=9600") == ("M1041", "url")
    assert problem(Connection, url="rtu:///dev/ttyS1?baud=9601") == ("M1042", "url")


def test_certificates_are_for_tls_and_are_there(tmp_path: Path) -> None:
    for name in ("ca.pem", "gw.pem", "gw.key"):
        (tmp_path / name).touch()
    files = {"ca_file": "ca.pem", "cert_file": "gw.pem", "key_file": str(tmp_path / "gw.key")}
    written = {"url": "tls://plc", "tls": files}
    connection = Connection.model_validate(written, context={"folder": tmp_path})
    assert connection.tls is not None
    assert connection.tls.ca_file == str(tmp_path / "ca.pem")
    assert connection.endpoint.port == 802
    assert problem(Connection, url="tls://plc", tls={"ca_file": str(tmp_path / "none.pem")}) == ("M1044", "tls.ca_file")
    assert problem(Connection, url="tls://plc", tls={"cert_file": str(tmp_path / "gw.pem")}) == ("M1045", "tls")
    assert problem(Connection, url="tcp://plc", tls={}) == ("M1043", "")


def test_defaults_of_a_connection() -> None:
    connection = Connection(url="tcp://a")
    assert (connection.timeout, connection.limits) == (1.0, Limits())
    limits = connection.limits
    assert (limits.registers, limits.bits, limits.gap, limits.pause, limits.pipeline) == (125, 2000, 16, 0.0, 1)
    assert limits.quarantine == 3600.0


def test_durations_are_written_with_their_unit() -> None:
    connection = Connection.model_validate(
        {"url": "tcp://a", "timeout": "250ms", "limits": {"pause": "5ms", "quarantine": "10m"}}
    )
    assert (connection.timeout, connection.limits.pause, connection.limits.quarantine) == (0.25, 0.005, 600.0)
    assert problem(Connection, url="tcp://a", timeout=1) == ("Q1001", "timeout")
    assert problem(Connection, url="tcp://a", timeout="0s") == ("greater_than_equal", "timeout")


@pytest.mark.parametrize(
    ("key", "value"), [("registers", 126), ("registers", 0), ("bits", 2001), ("gap", -1), ("pipeline", 33)]
)
def test_limits_are_those_of_the_protocol(key: str, value: int) -> None:
    assert problem(Limits, **{key: value})[1] == key


def test_devices() -> None:
    assert (Device().unit, Device().plc) == (1, None)
    assert Device(unit=255, plc="delta-dvp").plc == "delta-dvp"
    assert problem(Device, unit=256) == ("less_than_equal", "unit")
    assert problem(Device, plc="h5u") == ("M1002", "plc")
    assert problem(Device, plc="../../x") == ("M1002", "plc")
    assert problem(Device, profile_options={"hold_start": "VB0"}) == ("M1007", "profile_options")
    assert problem(Device, plc="delta-dvp", profile_options={"hold_start": "VB0"}) == ("M1007", "profile_options")


def test_options_are_those_of_the_profile() -> None:
    beside = Device(plc="s7-200smart", hold_start="VB1000")
    inside = Device(plc="s7-200smart", profile_options={"hold_start": "VB1000"})
    assert beside.profile is not None
    assert beside.profile == inside.profile == Device(plc="s7-200smart", hold_start="vw1000").profile
    assert Device(plc="s7-200smart").profile == profile("s7-200smart")
    assert problem(Device, plc="delta-dvp", hold_start="VB0") == ("M1007", "hold_start")
    assert problem(Device, hold_base="MB0") == ("M1007", "hold_base")
    assert problem(Device, plc="s7-200smart", hold_base="MB0") == ("M1007", "hold_base")
    assert problem(Device, plc="s7-200smart", hold_start="Q0.0") == ("M1033", "hold_start")
    assert problem(Device, plc="s7-1200", profile_options={"hold_base": "x"}) == ("M1033", "profile_options")
    twice = {"plc": "s7-200smart", "hold_start": "VB0"}
    assert problem(Device, **twice, profile_options={"hold_start": "VB2"}) == ("M1034", "profile_options")
    assert Device.model_validate({**twice, "profile_options": {"hold_start": "VB0"}}).profile is not None


def test_wrong_types() -> None:
    assert problem(Device, plc=5) == ("string_type", "plc")
    assert problem(Address, address="D1", order=5) == ("literal_error", "order")


def test_addresses() -> None:
    address = Address.model_validate(
        {"address": "D1", "type": "STR(8)", "order": "cdab", "string_order": "LOW", "encoding": "GBK"}
    )
    assert (address.type, address.order, address.string_order, address.encoding) == ("str(8)", "CDAB", "low", "gbk")
    assert problem(Address, address="D1", type="float") == ("M1003", "type")
    assert problem(Address, address="D1", type="str(0)") == ("M1004", "type")
    assert problem(Address, address="D1", order="LE") == ("literal_error", "order")
    assert problem(Address, address="D1", encoding="rot13") == ("literal_error", "encoding")
    assert problem(Address, type="u16") == ("missing", "address")


@pytest.mark.parametrize("model", [Connection, Limits, Device, Address])
def test_models_are_closed_and_each_key_is_explained(model: type[BaseModel]) -> None:
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"] is True
    for name, key in model.model_fields.items():
        assert key.description, name
        assert len(key.description) < 120, name


def test_a_default_in_the_schema_is_written_as_a_person_would() -> None:
    for model in (Connection, Limits):
        for name, shown in model.model_json_schema()["properties"].items():
            if shown.get("type") == "string" and "default" in shown:
                read = model.model_validate(
                    {"url": "tcp://a", name: shown["default"]} if model is Connection else {name: shown["default"]}
                )
                assert getattr(read, name) == model.model_fields[name].default
    assert Connection.model_json_schema()["properties"]["timeout"]["default"] == "1s"
