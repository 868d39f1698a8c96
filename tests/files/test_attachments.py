"""Files on records: what they are is checked, who sees them follows the record, and they are only ever handed out to save."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
import zipfile
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from shuzheng.base.access.models import Role
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.files import jobs, store
from shuzheng.base.files.actions import receive, refollow, remove
from shuzheng.base.files.models import Attachment
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import Busy, Denied, Invalid
from tests.factories import actor_of

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


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


@pytest.fixture
def clerk(nation):
    return nation.account("33/11/23/0/u1/", "clerk")


def upload(profile, actor, name="合同.pdf", content=PDF):
    with actor.scope.activate():
        return receive(profile, name, io.BytesIO(content), actor=actor)


def zipped(members: dict[str, bytes], **options) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(text="正文", **more) -> bytes:
    return zipped(
        {"[Content_Types].xml": b"<x/>", "word/document.xml": f"<w:p><w:t>{text}</w:t></w:p>".encode(), **more}
    )


def test_file_is_kept_under_its_digest_and_comes_back_to_be_saved(profile, clerk, client, folder):
    row = upload(profile, actor_of(clerk))
    assert (row.name, row.media_type, row.size, row.scan) == ("合同.pdf", "application/pdf", len(PDF), "none")
    assert row.digest == store.digest_of(io.BytesIO(PDF))
    assert (folder / "sm3" / row.digest[:2] / row.digest).read_bytes() == PDF
    client.force_login(clerk)
    answer = client.get(f"/files/{row.pk}/")
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    with system_scope("tests").activate():
        assert Entry.objects.filter(action="files.attachment.read", object_id=str(row.pk)).count() == 1


def test_file_is_seen_by_those_who_see_its_record(nation, profile, clerk, client):
    row = upload(profile, actor_of(clerk))
    for organ, status in (
        ("33/11/23/0/goa/", 200),  # supervises
        ("33/0/goa/", 200),
        ("33/11/23/0/u2/", 404),
        ("33/11/22/0/goa/", 404),
        ("32/0/goa/", 404),
    ):
        client.force_login(nation.account(organ))
        assert client.get(f"/files/{row.pk}/").status_code == status, organ


def test_file_of_a_published_record_follows_its_audience(nation):
    office = nation.actor("33/0/goa/", "clerk")
    with system_scope("tests").activate():
        role = Role(code="x", name="x", audience="33/10/")
        role.own(nation.organ("33/0/goa/"))
        role.save(force_insert=True)
    row = upload(role, office)
    below = nation.actor("33/11/23/0/u1/")

    def seen():
        with below.scope.activate():
            return Attachment.objects.filter(pk=row.pk).exists()

    assert not seen()
    role.audience = "33/"
    with office.scope.activate():
        refollow([role])
    assert seen()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.exe", b"MZ", "不能上传这种文件"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不能上传这种文件"),
        ("a.html", b"<html>", "不能上传这种文件"),
        ("a.docm", b"PK\x03\x04", "不能上传这种文件"),
        ("合同", PDF, "不能上传这种文件"),
        (".pdf", PDF, "不能上传这种文件"),
        ("合同.exe.pdf", PDF, "夹带"),
        ("合同\u202efdp.exe", PDF, "不能上传这种文件"),
        ("a.pdf", b"", "空的"),
        ("a.pdf", PNG, "不符"),
        ("a.png", PDF, "不符"),
        ("a.txt", b" <!DOCTYPE html><script>alert(1)</script>", "网页或脚本"),
        ("a.csv", b"<svg onload=alert(1)>", "网页或脚本"),
        ("a.txt", b"\x00\x01\x02\xff\xfe\x00" * 50, "不是文本"),
        ("a.webp", b"RIFF\0\0\0\0WAVE", "不符"),
        ("a.docx", zipped({"x": b"y"}), "不符"),
        ("a.docx", b"PK\x03\x04broken", "损坏"),
        ("a.zip", zipped({"b.exe": b"MZ"}), "不能上传的文件"),
        ("a.zip", zipped({"b.zip": zipped({"c": b"d"})}), "不能上传的文件"),
        ("a.zip", zipped({"../../etc/cron.d/x": b"y"}), "指向外部"),
        ("a.zip", zipped({"zeros.txt": b"\0" * 30_000_000}), "炸弹"),
    ],
)
def test_file_that_is_not_what_it_should_be_is_refused_with_the_reason(profile, clerk, name, content, reason, folder):
    with pytest.raises(Invalid, match=reason):
        upload(profile, actor_of(clerk), name, content)
    assert not (folder / "sm3").exists()


def test_locked_archive_is_refused_because_nobody_can_look_inside(profile, clerk):
    content = bytearray(zipped({"a.txt": b"x"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Invalid, match="密码"):
        upload(profile, actor_of(clerk), "a.zip", bytes(content))


@pytest.mark.parametrize("name", ["表.docx", "C:\\fake\\表.docx", "../../表.docx", "表\u200b.docx"])
def test_name_loses_folders_and_hidden_characters(profile, clerk, name):
    assert upload(profile, actor_of(clerk), name, docx()).name == "表.docx"


def test_too_large_is_refused(profile, clerk, settings):
    settings.SZ_UPLOAD_MB = 1
    with pytest.raises(Invalid, match="1 MB"):
        upload(profile, actor_of(clerk), content=PDF + b"\0" * 1024 * 1024)


def test_macros_are_flagged(profile, clerk):
    assert upload(profile, actor_of(clerk), "a.docx", docx(**{"word/vbaProject.bin": b"x"})).has_macros
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "_VBA_PROJECT".encode("utf-16-le")
    assert upload(profile, actor_of(clerk), "a.xls", ole).has_macros
    assert not upload(profile, actor_of(clerk), "b.docx", docx()).has_macros


def test_upload_needs_the_right_on_a_record_of_ones_own(nation, profile):
    with pytest.raises(Denied):
        upload(profile, nation.actor("33/11/23/0/u1/"))
    with pytest.raises(Denied):
        upload(profile, nation.actor("33/11/23/0/goa/", "clerk"))  # supervises, but does not own it


# Viruses


@pytest.fixture
def clamd(monkeypatch):
    """A server that speaks clamd's INSTREAM and finds what holds EICAR."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as incoming:
                assert incoming.read(10) == b"zINSTREAM\0"
                content = b""
                while size := int.from_bytes(incoming.read(4), "big"):
                    content += incoming.read(size)
                found = b"stream: Eicar-Test-Signature FOUND\0" if b"EICAR" in content else b"stream: OK\0"
                connection.sendall(found)

    threading.Thread(target=serve, daemon=True).start()
    monkeypatch.setenv("SZ_CLAMD", f"127.0.0.1:{server.getsockname()[1]}")
    yield server
    server.close()


def test_infected_file_is_refused_and_a_clean_one_marked(profile, clerk, clamd):
    assert upload(profile, actor_of(clerk)).scan == "clean"
    with pytest.raises(Invalid, match="Eicar"):
        upload(profile, actor_of(clerk), content=PDF + b"EICAR")


def test_scanner_that_does_not_answer_lets_nothing_pass(profile, clerk, monkeypatch):
    monkeypatch.setenv("SZ_CLAMD", "127.0.0.1:1")
    with pytest.raises(Busy, match="没有应答"):
        upload(profile, actor_of(clerk))


# Pages and tidying


def test_panel_uploads_lists_and_removes(profile, clerk, client):
    client.force_login(clerk)
    address = f"/files/org.organprofile/{profile.pk}/upload"
    page = client.post(address, {"file": SimpleUploadedFile("合同.pdf", PDF)}, headers={"HX-Request": "true"})
    assert "合同.pdf" in page.content.decode()
    assert "未配置病毒扫描" in page.content.decode()
    page = client.post(address, {"file": SimpleUploadedFile("a.exe", b"MZ")}, headers={"HX-Request": "true"})
    assert (page.status_code, "不能上传这种文件" in page.content.decode()) == (422, True)
    with system_scope("tests").activate():
        [row] = Attachment.objects.all()
    page = client.post(f"/files/{row.pk}/remove", headers={"HX-Request": "true"})
    assert "没有附件" in page.content.decode()


def test_record_out_of_sight_takes_no_file(nation, profile, client):
    client.force_login(nation.account("33/11/23/0/u2/", "clerk"))
    for label in ("org.organprofile", "accounts.account", "no.such", "files.attachment"):
        address = f"/files/{label}/{profile.pk}/upload"
        assert client.post(address, {"file": SimpleUploadedFile("a.pdf", PDF)}).status_code == 404


def test_content_that_nothing_names_is_removed_after_a_day(profile, clerk, folder):
    actor = actor_of(clerk)
    kept, gone, young = (
        upload(profile, actor),
        upload(profile, actor, "b.png", PNG),
        upload(profile, actor, "c.txt", b"x"),
    )
    with actor.scope.activate():
        remove([gone, young], actor=actor)
    old = time.time() - 2 * 86400
    for row in (kept, gone):
        os.utime(folder / store.place(row.digest), (old, old))
    assert jobs.remove_orphans() is None
    assert [default_storage.exists(store.place(r.digest)) for r in (kept, gone, young)] == [True, False, True]
    upload(
        profile, actor, "d.pdf", PDF
    )  # the same content again: its time is renewed, so no clean-up in between takes it
    assert default_storage.get_modified_time(store.place(kept.digest)) > timezone.now() - timedelta(hours=1)
