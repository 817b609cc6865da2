"""Which tests run beside which others: the suite in four parts, each as parallel as its tests bear it.

A test is named by its place below `tests/` and its name, as far as needed: a folder, a file, or `file::test`.
"""

from typing import Literal

Group = Literal["pure", "busy", "patient"]

OPC_UA = (
    "drivers/opcua/test_bounded.py",
    "drivers/opcua/test_browse_server.py",
    "drivers/opcua/test_contract.py",
    "drivers/opcua/test_faults.py",
    "drivers/opcua/test_handshake.py",
    "drivers/opcua/test_lazily.py",
    "drivers/opcua/test_limits.py",
    "drivers/opcua/test_node_opcua.py",
    "drivers/opcua/test_packml.py",
    "drivers/opcua/test_packml_node.py",
    "drivers/opcua/test_polled.py",
    "drivers/opcua/test_secure.py",
    "drivers/opcua/test_simulate.py",
)
"""Tests of the OPC UA driver with a server."""

THOROUGH = (
    "agent/config/tables/test_rows.py::test_20000_tags",
    "agent/config/tables/test_rows.py::test_any_",
    "agent/config/test_events.py",
    "agent/config/test_odd_values.py",
    "agent/config/test_naming.py::test_every_name_is_one_and_nobody_elses",
    "agent/formats/test_native_parts.py::test_nothing_is_lost",
    "agent/outbox/test_conservation.py",
    "agent/outbox/test_damage.py::test_a_hundred_damages_each",
    "agent/outbox/test_histories.py",
    "agent/test_publish_suspicion.py::test_a_line_that_is_cut_at_random_convicts_nobody",
    "drivers/modbus/test_notation.py::test_a_request_never_crosses_a_gap_of_the_map",
    "drivers/modbus/test_notation.py::test_any_text_is_a_point",
    "drivers/modbus/test_profile.py::test_every_number_of_every_area",
    "drivers/modbus/test_search.py::test_a_contiguous_range",
    "drivers/modbus/test_serial_exchange.py::test_an_answer_is_always",
    "drivers/modbus/test_serial_exchange.py::test_bits_that_flip",
)
"""Pure tests that try so much that measuring them would take minutes; what they reach others reach as well."""

BUSY = (
    *OPC_UA,
    *THOROUGH,
    "agent/cli/",
    "agent/demo/",
    "fakes/test_nodeopcua.py",
    "fakes/test_opcua.py",
    "house/",
    "thirdparty/",
)
"""Tests that compute, or start programs that do, and bear it that others do the same."""

PATIENT = (
    "system/test_agent_faults.py",
    "system/test_agent_opcua.py",
    "system/test_export.py",
    "system/test_mqtt_names.py",
    "system/test_mqtt_poison.py",
    "system/test_mqtt_refusals.py",
    "system/test_mqtt_tls.py",
    "system/test_mqtt_ways.py",
    "system/test_opcua_sessions.py",
    "system/test_outbox_chaos.py",
    "system/test_outbox_damage.py",
    "system/test_outbox_disks.py",
    "system/test_sub.py",
)
"""Tests that wait for most of their time: several of them do not disturb each other."""

WIRED = (
    "agent/app/",
    "agent/test_mqtt.py",
    "agent/test_mqtt_over_websocket.py",
    "agent/test_mqtt_phrases.py",
    "agent/test_mqtt_reach.py",
    "agent/test_poll.py",
    "agent/test_publish.py",
    "agent/test_publish_metas.py",
    "agent/test_publish_phrases.py",
    "drivers/simulated/test_contract.py",
    "drivers/modbus/test_contract.py",
    "drivers/modbus/test_link.py",
    "drivers/modbus/test_lookup.py",
    "drivers/modbus/test_listening.py",
    "drivers/modbus/test_simulate.py",
)
"""Of the tests of `agent` and `drivers` those with a wire, a process or a clock that must not be slow."""


def group(test: str, *, is_alone: bool) -> Group | None:
    """The group of a test; None for one that runs by itself. `is_alone`: nothing may run beside it."""
    if is_alone:
        return None
    if test.startswith(BUSY):
        return "busy"
    if test.startswith(PATIENT):
        return "patient"
    return "pure" if test.startswith(("agent/", "drivers/")) and not test.startswith(WIRED) else None
