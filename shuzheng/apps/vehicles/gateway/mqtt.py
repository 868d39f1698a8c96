"""The way in by MQTT: the gateway subscribes at the deployment's broker, and acknowledges what its journal has on disk.

One topic a terminal (``vehicles/<number>/positions``), QoS 1, a session that outlives the connection: what the broker was not
told is safe it sends again. A message is ``{"code", "positions": […]}``; the code is the one that the terminal was given when
it registered, so that nothing rests on who the broker lets publish where.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import ValidationError

from shuzheng.apps.vehicles.gateway.batch import BatchIn, is_code, is_number, lines_of
from shuzheng.apps.vehicles.gateway.server import Server, Terminals
from shuzheng.apps.vehicles.gateway.store import AWAY

log = logging.getLogger(__name__)

NAME = "shuzheng-gateway"
"""By which the broker knows our session."""
KEPT = 7 * 86_400
"""Seconds that the broker keeps what comes while we are away."""
OPEN = 50
"""Messages that the broker sends before it hears of the first."""
LONGEST = 512 * 1024
"""Bytes of a message."""
PATIENCE = 2.0
"""Seconds until the register of terminals is asked again when it was away."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is. ``ca``: the file of its authority; empty for those that the system trusts."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    topic: str = "vehicles/+/positions"


class Message(BatchIn):
    """What a terminal publishes."""

    code: str


def configured() -> Broker | None:
    """The broker of the settings; None where there is none.

    Raises:
        ImproperlyConfigured: its address is none, or the topic has no place for the number.
    """
    if not settings.SZ_MQTT_URL:
        return None
    parts = urlsplit(settings.SZ_MQTT_URL)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise ImproperlyConfigured("SZ_MQTT_URL 应为 mqtts://主机:端口 或 mqtt://主机:端口。")
    if settings.SZ_MQTT_TOPIC.split("/").count("+") != 1 or "#" in settings.SZ_MQTT_TOPIC:
        raise ImproperlyConfigured("SZ_MQTT_TOPIC 应恰有一个 +，是终端号的位置。")
    tls = parts.scheme == "mqtts"
    return Broker(
        parts.hostname, parts.port or (8883 if tls else 1883), tls, settings.SZ_MQTT_USER, settings.SZ_MQTT_PASSWORD,
        settings.SZ_MQTT_CA, settings.SZ_MQTT_TOPIC,
    )  # fmt: skip


class Subscriber:
    """Our session at the broker. ``connections`` counts how often it was begun: an acknowledgement belongs to one of them."""

    def __init__(self, broker: Broker, terminals: Terminals) -> None:
        self.broker, self.terminals = broker, terminals
        self.connections = 0
        self.subscribed = False
        self.refused = 0
        self._place = broker.topic.split("/").index("+")

    def _client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, NAME, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
        if self.broker.user:
            client.username_pw_set(self.broker.user, self.broker.password)
        if self.broker.tls:
            client.tls_set(self.broker.ca or None)
        client.reconnect_delay_set(1, 30)
        return client

    async def run(self, server: Server) -> None:
        """Take in what is published, until cancelled. While the broker is away, it is tried again by itself."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[tuple[int, MQTTMessage]]()
        client = self._client()

        # Called in the client's own thread.
        def connected(_client: Client, _data: object, _flags: object, reason: Any, _properties: object) -> None:
            self.connections += 1
            log.info("MQTT broker %s: %s", self.broker.host, reason)
            if not reason.is_failure:
                client.subscribe(self.broker.topic, qos=1)

        def arrived(_client: Client, _data: object, message: MQTTMessage) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, (self.connections, message))

        def subscribed(_client: Client, _data: object, _mid: int, reasons: list[Any], _properties: object) -> None:
            if any(reason.is_failure for reason in reasons):
                log.error("the MQTT broker lets us not subscribe to %s: %s", self.broker.topic, reasons)
            self.subscribed = not any(reason.is_failure for reason in reasons)

        client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, arrived
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval, properties.ReceiveMaximum = KEPT, OPEN
        properties.MaximumPacketSize = LONGEST
        client.connect_async(self.broker.host, self.broker.port, clean_start=False, properties=properties)
        client.loop_start()
        try:
            while True:
                await self._take(server, client, *await queue.get())
        finally:
            client.disconnect()
            await loop.run_in_executor(None, client.loop_stop)

    async def _take(self, server: Server, client: Client, connection: int, message: MQTTMessage) -> None:
        def done() -> None:
            # What came on a connection before this one the broker sends again: its number may mean another message by now.
            if connection == self.connections:
                client.ack(message.mid, message.qos)

        while True:
            try:
                lines = await server.ask(lambda: self._lines(message))
                break
            except AWAY as error:
                log.warning("the register of terminals is away: %s", error)
                await asyncio.sleep(PATIENCE)
        if lines is None:
            self.refused += 1
            server.counts.refused += 1
            done()  # sent again it would be no better
            return
        server.counts.messages += 1
        server.counts.positions += len(lines)
        server.keep(lines, done)

    def _lines(self, message: MQTTMessage) -> list[bytes] | None:
        """What is kept of a message; None when it is none, or from somebody who does not know the terminal's code."""
        number = message.topic.split("/")[self._place]
        try:
            said = Message.model_validate_json(message.payload)
        except ValidationError as fault:
            log.warning(
                "MQTT: no positions in what came for %s: %s", number[:20], fault.errors(include_input=False)[:1]
            )
            return None
        if not (is_number(number) and is_code(said.code)):
            return None
        known = self.terminals.authenticate(number, said.code)
        return None if known is None else lines_of(known, said.positions, time.time())
