"""The sealed trail: nothing committed is passed over, and verification finds what was tampered with."""

from __future__ import annotations

import argparse
import threading
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from shuzheng.base.audit import checkpoints, sealer, verify
from shuzheng.base.audit.models import Entry, Link
from shuzheng.base.core.scope import system_scope

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.slow]


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SZ_AUDIT_DIR", str(tmp_path / "audit"))
    return tmp_path / "audit"


def write(n: int = 1, label: str = "记录") -> list[Entry]:
    entries = [
        Entry(
            at=timezone.now(), action="org.profile.change", actor="x", actor_name="张三", model="org.organprofile",
            object_id=str(uuid4()), label=f"{label}{i}", path="33/11/", after={"floor_area": "1.50", "面积": i},
        )
        for i in range(n)
    ]  # fmt: skip
    with system_scope("tests").activate():
        Entry.objects.bulk_create(entries)
    return entries


def sealed() -> list:
    return list(Link.objects.order_by("seq").values_list("entry_id", flat=True))


def tamper(sql: str, *params) -> None:
    """As somebody with the owner's rights would."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, params)


def findings() -> list[tuple[str, int]]:
    return [(f.kind, f.seq) for f in verify.verify().findings]


def test_committed_entries_are_chained_once_and_verify():
    first, second = write(3), write(2)
    assert sealer.seal() == 5
    assert sealer.seal() == 0
    assert sealed() == [e.id for e in [*first, *second]]
    report = verify.verify()
    assert (report.ok, report.links, report.unsealed) == (True, 5, [])


def test_late_commit_is_taken_up_and_not_passed_over():
    started, go = threading.Event(), threading.Event()
    late: list[Entry] = []

    def slow() -> None:
        with transaction.atomic():
            late.extend(write(1, "晚"))
            started.set()
            go.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert started.wait(20)
    early = write(2)
    assert sealer.seal() == 2  # nobody waits for the slow one
    more = write(1)
    assert sealer.seal() == 1
    go.set()
    thread.join()
    assert sealer.seal() == 1
    assert sealed() == [e.id for e in [*early, *more, *late]]
    assert verify.verify().ok


def test_rolled_back_entry_leaves_no_trace():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write(1)
        raise ZeroDivisionError
    write(1)
    assert sealer.seal() == 1
    assert verify.verify().ok


def test_two_sealers_at_once_seal_each_entry_once():
    write(500)

    def run() -> None:
        sealer.seal()
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealer.seal()
    assert len(sealed()) == len(set(sealed())) == 500
    assert verify.verify().ok


def test_many_entries_are_sealed_batch_by_batch(monkeypatch):
    monkeypatch.setattr(sealer, "BATCH", 7)
    write(20)
    assert sealer.seal() == 20
    assert verify.verify().ok


def test_database_restored_elsewhere_goes_on_with_the_chain():
    write(2)
    sealer.seal()
    tamper("UPDATE audit_sealing SET cluster = 1, floor = 9000000000000")  # numbers of another cluster
    write(1)
    assert sealer.seal() == 1
    write(1)
    assert sealer.seal() == 1
    assert len(sealed()) == 4


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET actor_name = '李三' WHERE id = %s",
        'UPDATE audit_entry SET after = \'{"floor_area": "1.51", "面积": 2}\' WHERE id = %s',
        "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE id = %s",
        "UPDATE audit_entry SET path = '33/12/' WHERE id = %s",
    ],
)
def test_one_changed_byte_is_found_where_it_is(sql):
    entries = write(5)
    sealer.seal()
    tamper(sql, entries[2].id)
    assert findings() == [("changed", 3)]


def test_removed_row_is_found():
    entries = write(5)
    sealer.seal()
    tamper("DELETE FROM audit_entry WHERE id = %s", entries[1].id)
    assert findings() == [("removed", 2)]


def test_row_removed_with_its_link_is_found():
    entries = write(5)
    sealer.seal()
    tamper("DELETE FROM audit_link WHERE seq = 2")
    tamper("DELETE FROM audit_entry WHERE id = %s", entries[1].id)
    # The link after the gap no longer fits what stands before it: the gap itself is the finding.
    assert findings() == [("removed", 2)]


def test_cut_tail_is_found_by_the_checkpoint():
    entries = write(5)
    sealer.seal()
    assert sealer.checkpoint()
    tamper("DELETE FROM audit_link WHERE seq > 3")
    tamper("DELETE FROM audit_entry WHERE id = ANY(%s)", [e.id for e in entries[3:]])
    assert findings() == [("cut", 4)]


def test_chain_rewritten_from_a_change_on_is_found_by_the_checkpoint():
    entries = write(5)
    sealer.seal()
    sealer.checkpoint()
    tamper("UPDATE audit_entry SET label = '改' WHERE id = %s", entries[2].id)
    tamper("DELETE FROM audit_link")
    tamper("UPDATE audit_sealing SET floor = 0")
    sealer.seal()
    assert findings() == [("changed", 5)]


def test_forged_and_removed_checkpoints_are_found(folder):
    for _ in range(3):
        write(1)
        sealer.seal()
        sealer.checkpoint()
    lines = (folder / "checkpoints.jsonl").read_text().splitlines()
    (folder / "checkpoints.jsonl").write_text("\n".join([lines[0], lines[2]]) + "\n")
    assert findings() == [("checkpoint", 3)]
    (folder / "checkpoints.jsonl").write_text(
        "\n".join([*lines[:2], lines[2].replace('"signature":"', '"signature":"0')])
    )
    assert findings() == [("checkpoint", 3)]


def test_checkpoint_is_written_only_when_the_chain_has_grown(folder):
    write(1)
    sealer.seal()
    assert [sealer.checkpoint(), sealer.checkpoint()] == [True, False]
    assert (folder / "sm2.key").stat().st_mode & 0o777 == 0o600
    assert checkpoints.last().seq == 1


def test_lost_signing_key_is_replaced_and_former_signatures_verify(folder):
    write(1)
    sealer.seal()
    sealer.checkpoint()
    former = checkpoints.last()
    (folder / "sm2.key").unlink()  # as in a restored backup
    assert verify.verify().ok
    write(1)
    sealer.seal()
    sealer.checkpoint()
    assert checkpoints.is_genuine(former) and checkpoints.is_genuine(checkpoints.last())
    assert verify.verify().ok
    known = (folder / "sm2.pub").read_text().split()
    assert len(known) == 2
    (folder / "sm2.pub").write_text(known[1])
    assert not checkpoints.is_genuine(former)


def test_unsealed_entries_are_listed_and_are_no_fault(capsys):
    write(1)
    sealer.seal()
    waiting = write(1)
    report = verify.verify()
    assert (report.ok, report.unsealed) == (True, [waiting[0].id])
    assert verify.command(argparse.Namespace()) == 0
    assert "尚未封存 1 条" in capsys.readouterr().out


def test_command_says_what_is_wrong(capsys):
    entries = write(2)
    sealer.seal()
    tamper("DELETE FROM audit_entry WHERE id = %s", entries[0].id)
    assert verify.command(argparse.Namespace()) == 1
    assert "第 1 环的审计记录被删除" in capsys.readouterr().out


@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
def test_the_program_itself_can_neither_change_nor_remove(table):
    write(1)
    sealer.seal()
    for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET {'label' if 'entry' in table else 'digest'} = 'x'"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            system_scope("tests").activate(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
