"""Backup, restore and upgrade: database, files and the audit's checkpoints; never the keys."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shuzheng.ops import binaries, doors, preparation, running
from shuzheng.ops.pg import Cluster, Urls, full, locked
from shuzheng.ops.words import Trouble, say, t

DUMP = "database.dump"
# Beside the database, what a restored deployment needs. Keys (secret_key, pepper, kek) are left out by not being listed,
# the key that signs checkpoints by its name: a restored server makes its own and keeps the list of public ones.
FOLDERS = ("files", "audit")
LEFT_OUT = shutil.ignore_patterns("sm2.key")


def _no_keys() -> str:
    return t(
        "备份不含主密钥（KEK）、口令附加密钥（pepper）与 secret_key：没有前者，敏感字段无法解密；没有 pepper，原有口令都不能登录。"
        "请另行保管，不要与备份放在一起。审计检查点的签名私钥也不在备份内，恢复后自动换新，原有签名仍可验证。",
        "The backup holds neither the key-encryption key (KEK) nor pepper and secret_key: without the KEK the sensitive fields "
        "in it can't be read, without the pepper no password works. Keep them elsewhere, not beside the backup. The key that "
        "signs the audit's checkpoints is left out, too: a new one is made, and former signatures still verify.",
    )


@contextlib.contextmanager
def _owner() -> Iterator[Urls]:
    """Both doors, for commands of the whole database; the embedded server is started when it sleeps.

    Raises:
        Trouble: an outside server and no owner's URL.
    """
    if doors.outside():
        urls = Urls(app=os.environ["DATABASE_URL"], owner=os.environ.get("DATABASE_OWNER_URL", ""))
        if not urls.owner:
            raise Trouble(
                t("备份与恢复需要 DATABASE_OWNER_URL。", "Backup and restore need DATABASE_OWNER_URL."),
                t("为这一条命令设置它。", "Set it for this one command."),
            )
        yield urls
        return
    cluster = Cluster(doors.data_folder())
    was_alive = cluster.alive()
    cluster.start()
    try:
        yield cluster.database(doors.NAME)
    finally:
        if not was_alive:
            cluster.stop()


def backup(args: argparse.Namespace) -> int:
    """Write a backup into an empty or missing folder. The program may go on working meanwhile.

    Raises:
        Trouble: the folder isn't empty, the disk is full, or the database can't be read.
    """
    with _owner() as urls:
        write(args.dir.absolute(), urls)
    say(t(f"备份完成：{args.dir}", f"Backed up: {args.dir}"))
    say(_no_keys())
    return 0


def write(folder: Path, urls: Urls) -> None:
    """The backup itself: dump first, files after, so that every file a dumped row names is there."""
    if folder.exists() and any(folder.iterdir()):
        raise Trouble(
            t(f"{folder} 不是空目录。", f"{folder} is not empty."),
            t("换一个新目录；旧备份不会被覆盖。", "Take a new folder; an old backup is never overwritten."),
        )
    part = folder.with_name(f"{folder.name}.partial")  # a backup that was cut short can't be taken for a whole one
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, mode=0o700)
        _tool("pg_dump", urls.owner, "--format=custom", "--no-owner", f"--file={part / DUMP}")
        for name in FOLDERS:
            source = doors.data_folder() / name
            if source.is_dir():
                shutil.copytree(source, part / name, ignore=LEFT_OUT if name == "audit" else None)
        manifest = {
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "version": _version(),
            "role": doors.parts(urls.app)[0],
            "files": {str(path.relative_to(part)): _digest(path) for path in sorted(part.rglob("*")) if path.is_file()},
        }
        (part / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1))
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    except OSError as error:
        raise (full(folder) if error.errno == 28 else locked(folder, error)) from error


def restore(args: argparse.Namespace) -> int:
    """Bring a backup back. What was there before is set aside under another name, not removed.

    Raises:
        Trouble: the backup is incomplete or was changed, or web and worker are still running.
    """
    folder = args.dir.absolute()
    manifest = _checked(folder)
    with running.hold(doors.data_folder()), _owner() as urls:
        suffix = datetime.datetime.now().strftime("%Y%m%d%H%M%S")
        kept = _restore_database(folder, urls, suffix, manifest)
        for name in FOLDERS:
            target = doors.data_folder() / name
            if target.exists():
                target.rename(target.with_name(f"{name}.before-{suffix}"))
            if (folder / name).is_dir():
                shutil.copytree(folder / name, target)
        _after_restore(urls)
    say(t(f"已从 {folder} 恢复（备份时间 {manifest['at']}）。", f"Restored from {folder} (made at {manifest['at']})."))
    if kept:
        say(
            t(
                f"原来的库改名为 {kept}，确认无误后可由库主删除。",
                f"The former database is kept as {kept}; drop it when all is well.",
            )
        )
    say(_no_keys())
    return 0


def _restore_database(folder: Path, urls: Urls, suffix: str, manifest: dict[str, Any]) -> str:
    """Load into a new database beside the present one and swap names. The name the former one got ("" when it was empty)."""
    from psycopg import sql

    role, name = doors.parts(urls.app)[0], doors.parts(urls.owner)[1]
    if manifest["role"] != role:
        raise Trouble(
            t(
                f"备份中的运行角色是 {manifest['role']}，DATABASE_URL 用的是 {role}。",
                f"The backup's running role is {manifest['role']}, DATABASE_URL has {role}.",
            ),
            t(
                f"先建立角色 {manifest['role']} 并在 DATABASE_URL 中使用它。",
                f"Create the role {manifest['role']} and use it in DATABASE_URL.",
            ),
        )
    fresh, kept = f"{name}_restoring_{suffix}", f"{name}_before_{suffix}"
    with doors.connect(urls.owner, "postgres") as server:
        _refuse_busy(server, name)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(fresh)))
        try:
            _load(folder / DUMP, urls.owner, fresh)
        except Trouble:
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(fresh)))
            raise
        with doors.connect(urls.owner) as present:
            row = present.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        if row == (0,):
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            kept = ""
        else:
            server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(kept)))
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(fresh), sql.Identifier(name)))
        server.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(role)))
    return kept


def _refuse_busy(server: Any, name: str) -> None:
    others = server.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [name]
    ).fetchone()[0]
    if others:
        raise Trouble(
            t(f"库 {name} 还有 {others} 个连接。", f"Database {name} still has {others} connections."),
            t(
                "先停止网页与后台进程（shuzheng down，或 systemctl stop），再恢复。",
                "Stop web and worker first (shuzheng down, or systemctl stop).",
            ),
        )


def _after_restore(urls: Urls) -> None:
    """A backup of an older version is brought to this one; rights and policies are made anew either way."""
    cluster = None if doors.outside() else Cluster(doors.data_folder())
    if cluster is not None:
        preparation.mark(cluster).unlink(missing_ok=True)
        (cluster.home / "shuzheng.demo").unlink(missing_ok=True)  # a restored nation is not the demo's to load
    preparation.prepare(cluster, urls)


def upgrade(args: argparse.Namespace) -> int:
    """After new code was installed: back up, migrate, check; on a fault, say the way back.

    Raises:
        Trouble: it runs still, or a step failed.
    """
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = doors.data_folder() / "backups" / stamp
    with running.hold(doors.data_folder()), _owner() as urls:
        say(t("1/3 备份…", "1/3 backing up …"))
        write(folder, urls)
        cluster = None if doors.outside() else Cluster(doors.data_folder())
        try:
            say(t("2/3 迁移…", "2/3 migrating …"))
            preparation.prepare(cluster, urls)
            preparation.run("load", {"DATABASE_URL": urls.app})
            say(t("3/3 检查…", "3/3 checking …"))
            preparation.run("doctor", {"DATABASE_URL": urls.app, "SZ_DOCTOR": "upgrade"})
        except Trouble as trouble:
            raise Trouble(
                trouble.what,
                t(
                    f"退回的办法：装回原来版本的程序，再运行 shuzheng restore {folder}。{trouble.remedy}",
                    f"The way back: install the former version again, then shuzheng restore {folder}. {trouble.remedy}",
                ),
            ) from trouble
    say(t(f"升级完成。升级前的备份：{folder}", f"Upgraded. The backup from before: {folder}"))
    say(_no_keys())
    return 0


def _checked(folder: Path) -> dict[str, Any]:
    """The manifest of a backup whose files are all there and unchanged."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        wrong = [name for name, digest in manifest["files"].items() if _digest(folder / name) != digest]
    except FileNotFoundError as error:
        raise Trouble(
            t(f"备份不完整：缺少 {error.filename}。", f"The backup is incomplete: {error.filename} is missing."),
            t("换一份完整的备份；现有数据没有改动。", "Take a complete one; nothing of the present data was changed."),
        ) from error
    except (ValueError, KeyError) as error:
        raise Trouble(
            t(f"{folder / 'manifest.json'} 读不懂。", f"{folder / 'manifest.json'} can't be understood."),
            t("换一份完整的备份；现有数据没有改动。", "Take a complete one; nothing of the present data was changed."),
        ) from error
    if wrong:
        raise Trouble(
            t(f"备份被改动过：{wrong[0]}。", f"The backup was changed: {wrong[0]}."),
            t("换一份完整的备份；现有数据没有改动。", "Take a complete one; nothing of the present data was changed."),
        )
    return manifest


def _environment(url: str) -> tuple[str, dict[str, str]]:
    """Database name and libpq's variables for a URL. The password travels in the environment, not on a command line."""
    import psycopg

    parameters = psycopg.conninfo.conninfo_to_dict(url)
    variables = {"user": "PGUSER", "password": "PGPASSWORD", "host": "PGHOST", "port": "PGPORT"}
    variables |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    given = {variables[key]: str(value) for key, value in parameters.items() if key in variables}
    return str(parameters["dbname"]), {**os.environ, **given}


def _tool(program: str, url: str, *arguments: str) -> None:
    """One of PostgreSQL's programs, as the caller, on the URL's server.

    Raises:
        Trouble: it failed, with its own words.
    """
    name, environment = _environment(url)
    target = [] if program == "pg_restore" else [f"--dbname={name}"]
    with tempfile.TemporaryFile("w+") as output:
        command = [binaries.find(None).program(program), *target, *arguments]
        done = subprocess.run(command, env=environment, stdout=output, stderr=output, check=False)
        output.seek(0)
        _refuse(program, done.returncode, output.read())


def _load(dump: Path, url: str, name: str) -> None:
    """The dump into the empty database ``name``.

    Raises:
        Trouble: a statement failed.
    """
    _, environment = _environment(url)
    with doors.connect(url, name) as connection:
        old = connection.info.server_version < 170000
    if not old:
        _tool("pg_restore", url, f"--dbname={name}", "--no-owner", "--exit-on-error", "--jobs=2", str(dump))
        return
    # Our pg_restore sets transaction_timeout, which servers before 17 don't know: leave that one line of its script out.
    found = binaries.find(None)
    with tempfile.TemporaryFile("w+") as words:
        reader = subprocess.Popen(
            [found.program("pg_restore"), "--no-owner", "--file=-", str(dump)], stdout=subprocess.PIPE, stderr=words
        )
        psql = [
            found.program("psql"),
            f"--dbname={name}",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
        ]
        writer = subprocess.Popen(psql, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words)
        if reader.stdout is None or writer.stdin is None:
            raise RuntimeError("a process without its pipes")
        with contextlib.suppress(BrokenPipeError):  # psql stopped at a fault; its exit code tells
            for line in reader.stdout:
                if line == b"SET transaction_timeout = 0;\n":
                    break
                writer.stdin.write(line)
            shutil.copyfileobj(reader.stdout, writer.stdin)
            writer.stdin.close()
        reader.stdout.close()
        codes = writer.wait(), reader.wait()
        words.seek(0)
        _refuse("psql", codes[0] or codes[1], words.read())


def _refuse(program: str, code: int, words: str) -> None:
    if code == 0:
        return
    if "No space left" in words:
        raise full(doors.data_folder())
    raise Trouble(
        t(f"{program} 失败：{words.strip()[-600:]}", f"{program} failed: {words.strip()[-600:]}"),
        t(
            "现有数据没有改动；按上面的原因处理后重试。",
            "Nothing of the present data was changed; mend the reason and try again.",
        ),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version() -> str:
    return str(tomllib.loads((doors.ROOT / "pyproject.toml").read_text())["project"]["version"])
