"""Hand-written signatures: drawn once, hung on what is said, printed; and one's own stock phrases."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import pytest

from shuzheng.base.accounts.models import Account
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import signatures
from shuzheng.base.flows.models import Opinion, Phrase
from shuzheng.kernel.errors import Denied
from tests.api.conftest import token_for
from tests.flows.conftest import Desk, step
from tests.flows.test_pages import browser

pytestmark = pytest.mark.django_db


def png(wide: int = 60, high: int = 20, shade: int = 0) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([shade]) * wide) * high
    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def drawn(data: bytes) -> dict[str, str]:
    return {"drawn": f"data:image/png;base64,{base64.b64encode(data).decode()}"}


def test_a_signature_is_hung_on_what_is_said_and_printed(desk: Desk):
    case = desk.start(
        "经办", desk.publish([step("one", "审批", "role:leader@organ"), step("two", "批办", "role:leader@upper")])
    )
    head, boss, clerk = browser(desk, "主任"), browser(desk, "局长"), browser(desk, "经办")
    plain = clerk.get(f"/flows/{case.pk}/sheet/").content
    assert head.get("/flows/mine/signature/").status_code == 404
    head.post("/flows/mine/do/sign/", drawn(png()))
    assert head.get("/flows/mine/signature/").getvalue() == png()
    assert "附上我的手写签名" in head.get(f"/flows/{case.pk}/").content.decode()
    head.post(f"/flows/{case.pk}/do/pass/", {"text": "同意", "sign": "on"})
    with system_scope("tests").activate():
        said = Opinion.objects.get(case_id=case.pk, verb="pass")
    address = f"/flows/{case.pk}/signatures/{said.signature}/"
    shown = boss.get(f"/flows/{case.pk}/").content.decode()  # another organ's: takes part
    assert address in shown and "签名.png" not in shown
    picture = boss.get(address)
    assert (
        picture.getvalue() == png()
        and picture["Content-Type"] == "image/png"
        and "sandbox" in picture["Content-Security-Policy"]
    )
    desk.hire("邻", "33/11/22/0/goa/", "reviewer")
    assert browser(desk, "邻").get(address).status_code == 404
    sheet = clerk.get(f"/flows/{case.pk}/sheet/").content
    assert b"/Subtype/Image" in sheet and b"/Subtype/Image" not in plain
    head.post("/flows/mine/do/sign/", drawn(png(80)))  # a new one: what was signed stays as it was
    assert clerk.get(address).getvalue() == png()
    head.post("/flows/mine/do/unsign/")
    assert head.get("/flows/mine/signature/").status_code == 404 and clerk.get(address).getvalue() == png()
    boss.post(f"/flows/{case.pk}/do/pass/", {"text": "同意", "sign": "on"})  # has none: by name only
    with system_scope("tests").activate():
        assert not Opinion.objects.exclude(signature=None).exclude(pk=said.pk).exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GIF89a" + b"\0" * 60, "要一张 PNG 图片"), (png()[:-30] + b"\0" * 30, "图片打不开"), (png(2400, 2), "最多 2000 像素"),
        (png() + b"\0" * 300_000, "最多 300 KB"), (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "图片"),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_is_no_signature(desk: Desk, data: bytes, said: str):
    head = browser(desk, "主任")
    upload = io.BytesIO(data)
    upload.name = "签名.png"
    assert said in head.post("/flows/mine/do/sign/", {"picture": upload}, follow=True).content.decode()
    assert head.get("/flows/mine/signature/").status_code == 404


def test_phrases_are_ones_own_in_ones_order(desk: Desk):
    head = browser(desk, "主任")
    for text in ("同意，按程序办。", "转财务核。", " "):
        head.post("/flows/mine/do/phrase/", {"text": text})
    with desk.people["主任"].scope.activate():
        first, second = signatures.phrases(desk.people["主任"])
    head.post("/flows/mine/do/up/", {"phrase": str(second.pk)})
    case = desk.start("经办", desk.publish([step("one", "审批", "role:leader@organ")]))
    shown = head.get(f"/flows/{case.pk}/").content.decode()
    assert shown.index("转财务核。") < shown.index("同意，按程序办。") < shown.index("情况属实，同意上报。")
    assert "转财务核。" not in browser(desk, "甲").get("/flows/mine/").content.decode()
    with desk.people["甲"].scope.activate(), pytest.raises(Denied):
        signatures.delete_phrases([first], actor=desk.people["甲"])
    head.post("/flows/mine/do/delete/", {"phrase": str(first.pk)})
    with system_scope("tests").activate():
        assert [p.text for p in Phrase.objects.all()] == ["转财务核。"]


def test_a_program_keeps_phrases_and_signs_for_its_person(desk: Desk):
    desk.hire("邻", "33/11/22/0/goa/", "reviewer")
    mine, other = (token_for(Account.objects.get(person_id=desk.people[who].person_id)) for who in ("主任", "邻"))
    texts = ("同意，按程序办。", "转财务核。")
    first, second = (mine.post("/flows/phrases", {"text": t}, key=f"p{n}").json()["id"] for n, t in enumerate(texts))
    assert mine.post("/flows/phrases", {"text": texts[1]}, key="p1").json()["id"] == second, "asked again, added once"
    assert mine.post("/flows/phrases", {"text": " "}).status_code == 422
    assert mine.put("/flows/phrases", {"ids": [second]}).status_code == 422, "not all of them"
    assert [p["id"] for p in mine.put("/flows/phrases", {"ids": [second, first]}).json()["rows"]] == [second, first]
    assert mine.put(f"/flows/phrases/{first}", {"text": "照办。"}).json() == {"id": first, "text": "照办。"}
    assert other.put(f"/flows/phrases/{first}", {"text": "不办。"}).status_code == 404
    assert other.get("/flows/phrases").json() == {"rows": []}
    for _again in range(2):
        assert mine.delete(f"/flows/phrases/{second}", key="d").json() == {"rows": [{"id": first, "text": "照办。"}]}

    picture = base64.b64encode(png()).decode()
    assert mine.get("/flows/signature").json() == {"picture": "", "blocked": ""}
    assert "要一张 PNG" in mine.put("/flows/signature", {"picture": "R0lGODlh"}).content.decode()
    for _again in range(2):
        assert mine.put("/flows/signature", {"picture": picture}, key="s").json() == {"picture": picture, "blocked": ""}
    case = desk.start("经办", desk.publish([step("one", "审批", "role:leader@organ")]))
    done = mine.post(f"/flows/cases/{case.pk}/act", {"verb": "pass", "text": "同意", "signed": True}).json()
    [said] = [o for o in done["opinions"] if o["signature"]]
    for _again in range(2):
        assert mine.delete("/flows/signature", key="u").json() == {"picture": "", "blocked": ""}
    signed = f"/flows/cases/{case.pk}/signatures/{said['signature']}"
    assert mine.get(signed).json() == {"picture": picture}, "what was signed stays"
    assert other.get(signed).status_code == 404, "takes no part"
    assert mine.get(f"/flows/cases/{case.pk}/signatures/{first}").status_code == 404
