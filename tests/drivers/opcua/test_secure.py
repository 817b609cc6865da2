"""Protected conversations: what is chosen, who is trusted, and what happens when a certificate is renewed (row 19)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asyncua import ua

from drivers.errors import NotConnected
from drivers.opcua import PLUGIN
from drivers.opcua.trust import TrustList
from drivers.opcua.trusting import trust_list
from tests.drivers.opcua.listener import Listener
from tests.fakes.application import Application, application
from tests.fakes.opcua import NAMESPACE, OpcUaServer, Spec, opcua_server

TAGS = {"speed": f"nsu={NAMESPACE};s=Press.Speed"}
NONE, PROTECTED = ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType


class Secured(Listener):
    """With a state directory, as the agent gives one."""

    def __init__(self, url: str, state: Path, **more: object) -> None:
        super().__init__({"url": url, "timeout": "2s", "keep_alive": "500ms", "insecure": True}, TAGS)
        keys = {"url": url, "timeout": "2s", "keep_alive": "500ms", **more}
        context = {"folder": state, "file": Path("lineside.yaml"), "state": state / "drivers" / "opcua"}
        self.settings = PLUGIN.connection.model_validate(keys, context=context)
        driver = PLUGIN.open(self.settings, [self.group], self.notes)
        self.driver = driver  # type: ignore[assignment]  # the plug-in subscribes

    @property
    def trusted(self) -> TrustList:
        return trust_list(self.settings)

    async def refusal(self) -> NotConnected:
        """What the next connect says."""
        with pytest.raises(NotConnected) as caught:
            await self.driver.connect()
        await self.driver.close()
        return caught.value


@asynccontextmanager
async def secured(spec: Spec) -> AsyncIterator[OpcUaServer]:
    async with opcua_server({"Press.Speed": 1.5}, spec) as server:
        yield server


@pytest.fixture
def ours(tmp_path: Path) -> Application:
    return application(tmp_path, "server")


async def read(it: Secured) -> Mapping[str, object]:
    task = asyncio.create_task(it.listen())
    try:
        await it.until(lambda: len(it.known) == len(TAGS) or bool(it.lost))
    finally:
        task.cancel()
        await asyncio.wait((task,))
    return it.known


@pytest.mark.parametrize(
    "policy",
    [
        PROTECTED.Basic256Sha256_Sign,
        PROTECTED.Basic256Sha256_SignAndEncrypt,
        PROTECTED.Aes128Sha256RsaOaep_SignAndEncrypt,
        PROTECTED.Aes256Sha256RsaPss_SignAndEncrypt,
    ],
)
async def test_each_policy_with_a_user(tmp_path: Path, ours: Application, policy: ua.SecurityPolicyType) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret 密码\n", "utf-8")
    password.chmod(0o600)
    spec = Spec(application=ours, policies=[policy], users={"lineside": "s3cret 密码"})
    async with secured(spec) as server:
        it = Secured(server.url, tmp_path, user="lineside", password_file="password")
        it.trusted.add(ours.der)
        assert await read(it) == {"speed": 1.5}, it.lost


async def test_a_server_that_nobody_trusts_is_refused_until_somebody_does(tmp_path: Path, ours: Application) -> None:
    async with secured(Spec(application=ours)) as server:
        it = Secured(server.url, tmp_path)
        refusal = await it.refusal()
        (rejected,) = it.trusted.entries()
        assert rejected.standing == "rejected"
        assert rejected.fingerprint in refusal.reason
        said = PLUGIN.messages[str(refusal.code)]
        hint = said.hint_en.format(url=server.url, reason=refusal.reason, **refusal.facts)
        assert "lineside trust" in hint
        assert server.created == [], "nobody spoke to it"
        it.trusted.add(rejected.fingerprint)
        assert await read(it) == {"speed": 1.5}


async def test_row_19_a_renewed_certificate_is_refused_with_both_fingerprints(
    tmp_path: Path, ours: Application
) -> None:
    async with secured(Spec(application=ours)) as server:
        it = Secured(server.url, tmp_path)
        it.trusted.add(ours.der)
        (old,) = it.trusted.entries()
        assert await read(it) == {"speed": 1.5}
        (tmp_path / "new").mkdir()
        server.spec.application = application(tmp_path / "new", "server")
        await server.restart()
        refusal = await it.refusal()
        new = next(one for one in it.trusted.entries() if one.standing == "rejected")
        assert old.fingerprint in refusal.reason
        assert new.fingerprint in refusal.reason
        it.trusted.add(new.fingerprint)
        it.lost.clear()
        it.known.clear()
        assert await read(it) == {"speed": 1.5}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, "U2115"),
        ({"security": {"policy": "Basic256Sha256"}}, "U2113"),
        ({"security": {"mode": "Sign"}, "insecure": True}, "U2113"),
    ],
)
async def test_no_protection_is_never_taken_by_itself(tmp_path: Path, more: dict[str, object], code: str) -> None:
    async with secured(Spec()) as server:
        assert (await Secured(server.url, tmp_path, **more).refusal()).code == code


async def test_no_protection_that_is_allowed_is_said_once(tmp_path: Path) -> None:
    async with secured(Spec()) as server:
        it = Secured(server.url, tmp_path, insecure=True)
        assert await read(it) == {"speed": 1.5}
        await it.driver.connect()
        await it.driver.close()
        assert [code for _, code, _ in it.notes.said] == ["U1021"]


async def test_the_strongest_is_taken(tmp_path: Path, ours: Application) -> None:
    async with secured(Spec(application=ours)) as server:
        it = Secured(server.url, tmp_path, insecure=True)
        it.trusted.add(ours.der)
        assert await read(it) == {"speed": 1.5}
        assert "U1021" not in [code for _, code, _ in it.notes.said], "allowed is not taken"


async def test_a_wrong_password_and_an_open_file_are_said(tmp_path: Path, ours: Application) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")
    password.chmod(0o600)
    async with secured(Spec(application=ours, users={"lineside": "right"})) as server:
        it = Secured(server.url, tmp_path, user="lineside", password_file="password")
        it.trusted.add(ours.der)
        assert (await it.refusal()).code == "U2111"
        password.chmod(0o644)
        assert (await it.refusal()).code == "U2114"
        password.chmod(0o600)
        password.write_text("right\n")
        assert await read(it) == {"speed": 1.5}


async def test_a_server_that_does_not_trust_us(tmp_path: Path, ours: Application) -> None:
    async with secured(Spec(application=ours, trusted=[])) as server:
        it = Secured(server.url, tmp_path)
        it.trusted.add(ours.der)
        assert (await it.refusal()).code == "U2112"
