from pathlib import Path

from agent.config import groups
from tests.agent.config.site import TAG, changed, right


def test_a_group_is_one_device_and_one_period(tmp_path: Path) -> None:
    configuration = right(
        changed(
            tmp_path,
            (
                TAG,
                f"{TAG}\n      - {{name: x_a, every: 200ms, address: constant(5)}}"
                "\n      - {name: x_b, address: constant(5)}",
            ),
            ("    tags:", "    every: 2s\n    tags:"),
            ("driver: simulated", "driver: simulated\n  - {name: idle, driver: simulated}"),
        )
    )
    found = groups(configuration)
    assert list(found) == ["plc1", "idle"]
    assert found["idle"] == ()
    assert [(g.name, g.device, g.every_s, [t.name for t in g.tags]) for g in found["plc1"]] == [
        ("press01@2s", "press01", 2.0, ["speed", "x_b"]),
        ("press01@0.2s", "press01", 0.2, ["x_a"]),
    ]
    assert found["plc1"][0].settings is configuration.devices[0].settings
