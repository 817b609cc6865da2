"""A gateway without OPC UA pays nothing for it."""

import subprocess
import sys

KEYS = '{"url": "opc.tcp://127.0.0.1:4840", "insecure": True}'


def loaded(code: str) -> set[str]:
    """Of asyncua and cryptography, what a new process has imported after this code."""
    look = "import sys; print(*({'asyncua', 'cryptography'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{look}"], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_plug_in_and_its_models_import_no_library() -> None:
    code = (
        f"from drivers.opcua import PLUGIN; PLUGIN.connection.model_validate({KEYS}); PLUGIN.address(address='i=2258')"
    )
    assert loaded(code) == set()


def test_the_agent_imports_none_before_a_connection_is_opened() -> None:
    assert (
        loaded(
            "import agent.cli, agent.app.running, agent.demo; from drivers import registry; registry.plugin('opcua')"
        )
        == set()
    )


def test_opening_one_does() -> None:
    code = f"from drivers.opcua import PLUGIN; PLUGIN.open(PLUGIN.connection.model_validate({KEYS}), [], None)"
    assert loaded(code) == {"asyncua", "cryptography"}
