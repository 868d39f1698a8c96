"""The secrecy check (domain §10.3): nothing marked secret is stored; those who review it are told, and only they release it."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events import deliver, dispatch
from shuzheng.base.files import secrecy
from shuzheng.base.files.actions import blocked_words, receive, release
from shuzheng.base.files.models import Attachment, Block, SecrecyWord
from shuzheng.base.notify.receipts import inbox
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import Conflict, Denied, Invalid
from tests.factories import actor_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def profile(nation):
    with system_scope("tests").activate():
        row = OrganProfile()
        row.own(nation.organ("33/11/23/0/u1/"))
        row.save(force_insert=True)
    return row


def office(member: str, xml: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member, xml)
    return out.getvalue()


def pdf(stream: bytes, pack: bool = True) -> bytes:
    body = zlib.compress(stream) if pack else stream
    return b"%PDF-1.4\n1 0 obj\n<</Filter/FlateDecode>>\nstream\n" + body + b"\nendstream\nendobj\n"


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("绝密方案.txt", "正文".encode(), "绝密"),
        ("a.txt", "秘密★5年".encode(), "密级标志"),
        ("a.txt", "机 密 ☆".encode("gb18030"), "密级标志"),
        ("a.csv", "保密期限，十年".encode("gb18030"), "保密期限"),
        ("a.txt", "内部资料 注意保存".encode(), "内部资料注意保存"),
        (
            "a.docx",
            office("word/document.xml", "<w:p><w:r><w:t>秘</w:t></w:r><w:r><w:t>密★</w:t></w:r></w:p>"),
            "密级标志",
        ),
        ("a.xlsx", office("xl/sharedStrings.xml", "<sst><si><t>机密</t></si></sst>"), "机密"),
        ("a.pptx", office("ppt/slides/slide1.xml", "<a:p><a:t>绝密</a:t></a:p>"), "绝密"),
        ("a.ofd", office("Doc_0/Pages/Page_0/Content.xml", "<ofd:TextCode>机密★20年</ofd:TextCode>"), "密级标志"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "机密★".encode("utf-16-le"), "密级标志"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0" + "机密★".encode("utf-16-le"), "密级标志"),
        ("a.pdf", pdf(b"BT <" + "机密★".encode("utf-16-be").hex().encode() + b"> Tj ET"), "密级标志"),
        ("a.pdf", pdf(b"BT (" + b"\xfe\xff" + "绝密".encode("utf-16-be") + b") Tj ET"), "绝密"),
        ("a.zip", office("机密附件.txt", ""), "机密"),
        ("a.txt", "红头项目代号".encode(), "红头项目"),
    ],
)
def test_marks_and_words_are_found_in_names_and_texts(name, content, found):
    assert found in secrecy.find(name, io.BytesIO(content), ["红头项目"])


@pytest.mark.parametrize("text", ["数据机密性、完整性、可用性", "秘密花园读书会", "保密工作要点", "保密 期满"])
def test_ordinary_words_pass(text):
    assert secrecy.find("a.txt", io.BytesIO(text.encode()), []) == []


def upload(profile, actor, text="机密★10年"):
    with actor.scope.activate():
        return receive(profile, "通知.txt", io.BytesIO(text.encode()), actor=actor)


def test_marked_file_is_not_kept_but_noted(nation, profile, folder):
    block = upload(profile, nation.actor("33/11/23/0/u1/", "clerk"))
    assert isinstance(block, Block)
    assert "密级标志" in blocked_words(block)
    assert not (folder / "sm3").exists()
    with system_scope("tests").activate():
        assert not Attachment.objects.exists()
        assert Block.objects.get().words == ["密级标志", "机密"]


def test_words_of_the_administrators_hold_below_them_only(nation, profile):
    with system_scope("tests").activate():
        word = SecrecyWord(word="红头项目", audience="33/")
        word.own(nation.organ("33/0/goa/"))
        word.save(force_insert=True)
        other = OrganProfile()
        other.own(nation.organ("32/0/u1/"))
        other.save(force_insert=True)
    assert isinstance(upload(profile, nation.actor("33/11/23/0/u1/", "clerk"), "红头项目"), Block)
    assert isinstance(upload(other, nation.actor("32/0/u1/", "clerk"), "红头项目"), Attachment)


def test_nearest_reviewers_are_told(nation, profile):
    near = nation.actor("33/11/23/0/goa/", "reviewer", at="33/11/23/")
    far = nation.actor("33/0/goa/", "reviewer", at="33/")
    elsewhere = nation.actor("33/11/22/0/goa/", "reviewer", at="33/11/22/")
    upload(profile, nation.actor("33/11/23/0/u1/", "clerk"))
    dispatch.dispatch()
    deliver.deliver("files.alert")
    for actor, told in ((near, 1), (far, 0), (elsewhere, 0)):
        with actor.scope.activate():
            titles = [r.words for r in inbox(actor)]
        assert titles == ["疑似涉密文件被拦截：通知.txt"] * told


def test_reviewer_releases_and_the_same_file_passes(nation, profile):
    account = nation.account("33/11/23/0/u1/", "clerk")
    clerk = actor_of(account)
    block = upload(profile, clerk)
    with pytest.raises(Denied):
        release([block], actor=clerk, opinion="误判")
    reviewer = nation.actor("33/11/23/0/goa/", "reviewer", at="33/11/23/")
    with pytest.raises(Invalid, match="意见"):
        release([block], actor=reviewer, opinion=" ")
    release([block], actor=reviewer, opinion="引用法规条文，非密")
    with pytest.raises(Conflict):
        release([block], actor=reviewer, opinion="再次")
    assert isinstance(upload(profile, clerk), Attachment)
    assert isinstance(upload(profile, clerk, "机密★20年"), Block)


def test_nobody_reviews_their_own_upload(nation, profile):
    both = nation.actor("33/11/23/0/u1/", "reviewer")
    block = upload(profile, both)
    with pytest.raises(Invalid, match="自己上传"):
        release([block], actor=both, opinion="没问题")


def test_page_says_what_was_blocked_and_the_note_stays(nation, profile, client):
    client.force_login(nation.account("33/11/23/0/u1/", "clerk"))
    file = SimpleUploadedFile("通知.txt", "机密★".encode())
    page = client.post(f"/files/org.organprofile/{profile.pk}/upload", {"file": file}, headers={"HX-Request": "true"})
    assert page.status_code == 422
    assert "疑似涉密" in page.content.decode()
    client.force_login(nation.account("33/11/23/0/goa/", "reviewer", at="33/11/23/"))
    assert "通知.txt" in client.get("/files/blocks/").content.decode()
    with system_scope("tests").activate():
        block = Block.objects.get()
    assert client.post(f"/files/blocks/{block.pk}/release", {"opinion": "误判"}).status_code == 302
    client.force_login(nation.account("33/11/23/0/u2/", "clerk"))
    assert client.get("/files/blocks/").status_code == 403


def test_system_scope_of_the_alert_is_on_the_list():
    assert system_actor("files.alert").origin == {"system": "files.alert"}


def test_officer_adds_changes_and_switches_off_a_word_on_the_page(nation, profile, client):
    client.force_login(nation.account("33/0/goa/", "security_officer"))
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    assert client.post("/files/words/", {"word": "青松工程"}).status_code == 302
    assert client.post("/files/words/", {"word": "青松工程"}).status_code == 422  # twice
    with system_scope("tests").activate():
        word = SecrecyWord.objects.get()
    assert word.audience == "33/"
    assert isinstance(upload(profile, clerk, "青松工程"), Block)
    client.post(f"/files/words/{word.pk}/", {"word": "青松项目", "seen": word.version})
    assert isinstance(upload(profile, clerk, "青松项目"), Block)
    assert client.post(f"/files/words/{word.pk}/", {"active": "0", "seen": word.version + 1}).status_code == 302
    assert isinstance(upload(profile, clerk, "青松项目二"), Attachment)
    below = Client()
    below.force_login(nation.account("33/11/23/0/goa/", "security_officer"))
    assert "青松项目" in below.get("/files/words/").content.decode()
    assert below.post(f"/files/words/{word.pk}/", {"active": "1"}).status_code == 403  # another organ's to change
