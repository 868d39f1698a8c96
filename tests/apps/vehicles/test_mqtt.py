"""Positions by MQTT, against a real broker: nothing is acknowledged that is not on disk, and nobody speaks for another."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import ImproperlyConfigured
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from shuzheng.apps.vehicles.gateway import mqtt
from shuzheng.apps.vehicles.gateway import server as gateway
from shuzheng.apps.vehicles.gateway.journal import Journal
from tests.apps.vehicles.test_gateway import CAR, Register, kept

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
MOSQUITTO = shutil.which("mosquitto", path=PATH)
pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="no broker: mosquitto is not installed")
KNOWN, CODE = "13900000001", "code-13900000001"
POSITION = {"at": "2026-11-23T09:00:00+08:00", "lon": 119.922, "lat": 28.467, "speed_kmh": 36.5, "mileage": 12.3}


def certificate(folder: Path) -> None:
    """A certificate for localhost that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mqtt.Broker]:
    """A broker with TLS and a password."""
    folder = tmp_path_factory.mktemp("broker")
    certificate(folder)
    (folder / "passwords").write_text("gateway:let me in\n")
    tool = shutil.which("mosquitto_passwd", path=PATH) or "mosquitto_passwd"
    subprocess.run([tool, "-U", folder / "passwords"], check=True)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    # A process of root's takes another user's rights, who could not read the folder: it stays root's here.
    user = "user root\n" if os.geteuid() == 0 else ""
    (folder / "conf").write_text(
        f"{user}listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {folder}/passwords\n"
        f"cafile {folder}/ca.pem\ncertfile {folder}/ca.pem\nkeyfile {folder}/key.pem\n"
    )
    running = subprocess.Popen([str(MOSQUITTO), "-c", folder / "conf"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield mqtt.Broker("localhost", port, True, "gateway", "let me in", str(folder / "ca.pem"))
    finally:
        running.terminate()
        running.wait(10)


def publish(broker: mqtt.Broker, number: str, *payloads: Any) -> None:
    """As a terminal does: each is handed to the broker when this returns."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(broker.user, broker.password)
    client.tls_set(broker.ca)
    client.connect(broker.host, broker.port)
    client.loop_start()
    for payload in payloads:
        said = payload if isinstance(payload, bytes) else json.dumps(payload)
        client.publish(f"vehicles/{number}/positions", said, qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def listening(
    broker: mqtt.Broker, journal: Journal, talk: Callable[[gateway.Server, mqtt.Subscriber], Awaitable[None]]
) -> gateway.Server:
    """The gateway with its session at the broker, while ``talk`` lasts."""

    async def run() -> gateway.Server:
        register = Register()
        subscriber = mqtt.Subscriber(broker, register)
        server = gateway.Server(register, journal, beside=[subscriber.run])
        running = asyncio.create_task(server.run("127.0.0.1", 0))
        try:
            await asyncio.wait_for(talk(server, subscriber), 20)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return server

    return asyncio.run(run())


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.02)


def test_positions_are_on_disk_and_only_those_of_who_knows_the_code(broker: mqtt.Broker, tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    async def talk(server: gateway.Server, subscriber: mqtt.Subscriber) -> None:
        await until(lambda: subscriber.subscribed)
        strange = [
            {"code": "guess", "positions": [POSITION]}, {"positions": [POSITION]}, b"\xff{", {"code": CODE, "positions": []},
            {"code": CODE, "positions": [{**POSITION, "lat": 95}]},
        ]  # fmt: skip
        await asyncio.to_thread(publish, broker, KNOWN, *strange)
        await asyncio.to_thread(publish, broker, "13800000009", {"code": CODE, "positions": [POSITION]})
        await asyncio.to_thread(publish, broker, KNOWN, {"code": CODE, "positions": [POSITION, POSITION]})
        await until(lambda: server.counts.groups == 1)
        assert subscriber.refused == 6

    listening(broker, journal, talk)
    lines = kept(journal)
    assert len(lines) == 2
    assert lines[0][:4] + lines[0][5:6] + lines[0][9:10] == [
        str(CAR), str(int(datetime.fromisoformat(str(POSITION["at"])).timestamp())), "119922000", "28467000", "365", "123",
    ]  # fmt: skip


def test_what_was_not_on_disk_the_broker_sends_again(
    broker: mqtt.Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, write = Journal(tmp_path), Journal.write
    full = [True]

    def sometimes(lines: bytes) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, "no space")
        write(journal, lines)

    monkeypatch.setattr(journal, "write", sometimes)
    monkeypatch.setattr(gateway, "PAUSE", 0.02)

    async def sent(server: gateway.Server, subscriber: mqtt.Subscriber) -> None:
        await until(lambda: subscriber.subscribed)
        await asyncio.to_thread(publish, broker, KNOWN, {"code": CODE, "positions": [POSITION]})
        await until(lambda: server.counts.positions == 1)

    listening(broker, journal, sent)  # the gateway ends with a full disk: nothing was kept, nothing acknowledged
    assert kept(journal) == []
    publish(broker, KNOWN, {"code": CODE, "positions": [{**POSITION, "speed_kmh": 1}]})  # while it is away
    full[0] = False

    async def heard(server: gateway.Server, subscriber: mqtt.Subscriber) -> None:
        await until(lambda: server.counts.positions == 2)
        await until(lambda: len(kept(journal)) == 2)

    listening(broker, journal, heard)
    assert [line[5] for line in kept(journal)] == ["365", "10"]

    async def nothing(server: gateway.Server, subscriber: mqtt.Subscriber) -> None:
        await until(lambda: subscriber.subscribed)
        await asyncio.sleep(0.2)
        assert server.counts.positions == 0

    listening(broker, journal, nothing)  # it was told that both are safe


def test_the_settings_say_where_the_broker_is(settings) -> None:
    assert mqtt.configured() is None
    settings.SZ_MQTT_URL, settings.SZ_MQTT_USER = "mqtts://broker.example", "gateway"
    found = mqtt.configured()
    assert found is not None and (found.host, found.port, found.tls, found.user) == (
        "broker.example",
        8883,
        True,
        "gateway",
    )
    for url, topic in (
        ("https://broker.example", "a/+/b"),
        ("mqtt://", "a/+/b"),
        ("mqtt://h", "a/#"),
        ("mqtt://h", "+/+"),
    ):
        settings.SZ_MQTT_URL, settings.SZ_MQTT_TOPIC = url, topic
        with pytest.raises(ImproperlyConfigured):
            mqtt.configured()
