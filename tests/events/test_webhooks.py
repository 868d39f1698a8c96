"""Telling other systems: off by default, signed, only of one's own subtree, and never to an address of ours."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.test import Client

from shuzheng.base.core.keys import decrypt
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events import deliver, dispatch, webhooks
from shuzheng.base.events.actions import save_webhooks
from shuzheng.base.events.models import Delivery, Webhook
from shuzheng.base.events.outbox import publish
from shuzheng.kernel.errors import Denied, Invalid

pytestmark = pytest.mark.django_db

EVENT = "org.profile.changed"


@pytest.fixture
def listener(settings):
    """A real server on this machine that keeps what it was sent and answers as told."""
    got, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop() if answers else 204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SZ_WEBHOOKS, settings.SZ_WEBHOOK_HOSTS = True, {"127.0.0.1"}
    yield f"http://127.0.0.1:{server.server_port}/hook", got, answers
    server.shutdown()


def subscription(nation, url, organ="33/0/goa/", **values):
    officer = nation.actor(organ, "system_officer")
    hook = Webhook()
    hook.own(nation.organ(organ))
    save_webhooks([hook], actor=officer, name="省平台", url=url, events=[EVENT], secret="s3cret", **values)
    return hook


def test_event_is_posted_with_a_signature_over_its_body(nation, listener):
    url, got, _ = listener
    hook = subscription(nation, url, organ="33/11/23/0/u1/")
    event_id = publish(EVENT, ["1"], {}, nation.actor("33/11/23/0/u1/", "clerk"))
    publish(EVENT, ["2"], {}, nation.actor("33/11/22/0/u1/", "clerk"))  # not in the owner's subtree
    dispatch.dispatch()
    assert deliver.deliver(f"webhook:{hook.pk}") == 1
    [(headers, body)] = got
    assert headers["X-Shuzheng-Signature"] == webhooks.signature("s3cret", body)
    assert headers["X-Shuzheng-Delivery"] == str(event_id)
    assert json.loads(body)["ids"] == ["1"]


def test_answer_other_than_2xx_is_tried_again(nation, listener):
    url, _, answers = listener
    hook = subscription(nation, url, organ="33/11/23/0/u1/")
    publish(EVENT, ["1"], {}, nation.actor("33/11/23/0/u1/", "clerk"))
    dispatch.dispatch()
    answers.append(302)
    with pytest.raises(webhooks.Unreachable, match="302"):
        deliver.deliver(f"webhook:{hook.pk}")
    assert Delivery.objects.get().state == "waiting"


def test_secret_is_stored_encrypted(nation, listener):
    hook = subscription(nation, listener[0])
    with system_scope("tests").activate():
        assert Webhook.objects.get(pk=hook.pk).secret.startswith("sm4:")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://user:pw@1.1.1.1/",
        "ftp://1.1.1.1/",
        "https://",
    ],
)
def test_address_of_ours_or_without_tls_is_refused(nation, settings, url):
    settings.SZ_WEBHOOKS = True
    with pytest.raises(Invalid):
        subscription(nation, url)


def test_unknown_event_is_refused(nation, listener):
    officer = nation.actor("33/0/goa/", "system_officer")
    with pytest.raises(Invalid, match="没有这个事件"):
        save_webhooks([_new(nation)], actor=officer, name="x", url=listener[0], events=["nope"])


def _new(nation):
    hook = Webhook()
    hook.own(nation.organ("33/0/goa/"))
    return hook


def test_switched_off_nothing_is_set_up_or_sent(nation):
    with pytest.raises(Denied, match="SZ_WEBHOOKS"):
        subscription(nation, "https://example.com/")


def test_officer_sets_up_changes_and_switches_off_on_the_page(nation, listener, client):
    url, _got, _answers = listener
    client.force_login(nation.account("33/0/goa/", "system_officer"))
    values = {"name": "省平台", "url": url, "events": [EVENT], "secret": "0123456789abcdef", "is_active": "on"}
    refused = client.post("/events/webhooks/new/", {**values, "url": "http://10.0.0.1/"})
    assert refused.status_code == 422 and "须以 https:// 开头" in refused.content.decode()
    assert client.post("/events/webhooks/new/", values).status_code == 302
    with system_scope("tests").activate():
        hook = Webhook.objects.get()
    page = client.get(f"/events/webhooks/{hook.pk}/").content.decode()
    assert url in page and "0123456789abcdef" not in page
    change = {**values, "name": "省级平台", "secret": "", "is_active": "", "seen": hook.version}
    assert client.post(f"/events/webhooks/{hook.pk}/", change).status_code == 302
    with system_scope("tests").activate():
        later = Webhook.objects.get()
    assert (later.name, later.is_active, decrypt(later.secret)) == ("省级平台", False, "0123456789abcdef")
    assert "省级平台" in client.get("/events/webhooks/").content.decode()
    neighbour = Client()
    neighbour.force_login(nation.account("32/0/u1/", "system_officer"))
    assert neighbour.get(f"/events/webhooks/{hook.pk}/").status_code == 404
