"""The embedded PostgreSQL: made, started, asked and stopped by us.

The wheel's own launcher is not used: as root it opens every parent folder, it shares one lock for the whole machine and it
takes a dead server for a live one (docs/adr/0002-parts.md). Alive means: the server answers.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from shuzheng.ops.binaries import SHARED, Account, Binaries, as_user, find, system_account
from shuzheng.ops.words import Trouble, t

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "512MB",
    "max_connections": "200",
    "jit": "off",
    "random_page_cost": "1.1",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
    "idle_in_transaction_session_timeout": "60s",
}
# For tests: a crash of the machine may lose everything, and nobody minds. (A crash of the server alone loses nothing.)
THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "autovacuum_naptime": "10min",
}
START_SECONDS = 60
SOCKET_LIMIT = 100  # sun_path holds about 107 bytes, and the name of the socket itself is to fit
FREE_MB = 300


@dataclass(frozen=True)
class Urls:
    """The two doors to one database: the running role and the owner."""

    app: str
    owner: str


@dataclass
class Cluster:
    """A server of our own, its data under ``data``."""

    data: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    port: int = 5432  # names the socket, too
    account: Account | None = field(init=False)
    binaries: Binaries = field(init=False)
    home: Path = field(init=False)

    def __post_init__(self) -> None:
        self.data = self.data.absolute()
        try:
            self.data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise locked(self.data, error) from error
        self.account = system_account()
        self.binaries = find(self.account)
        self.home = self._find_home()

    def _find_home(self) -> Path:
        """Where the cluster's files are: ``data/pg``; as a link into ``/var/lib`` where root's system user can't enter ``data``.

        The link's target has a random name: a data folder that was removed and made again begins empty.
        """
        pg = self.data / "pg"
        if (
            not pg.is_symlink()
            and not pg.exists()
            and self.account is not None
            and not _enterable(self.data, self.account)
        ):
            target = SHARED / f"data-{secrets.token_hex(6)}" / "pg"
            with contextlib.suppress(FileExistsError):  # somebody else was faster: theirs it is
                pg.symlink_to(target)
        return pg.readlink() if pg.is_symlink() else pg

    @property
    def sockets(self) -> Path:
        """The 0700 folder of the socket."""
        near = self.home.parent / "socket"
        return near if len(str(near)) < SOCKET_LIMIT - len("/.s.PGSQL.5432") else Path(f"/tmp/sz-{self._mark}")  # noqa: S108

    @property
    def _mark(self) -> str:
        return hashlib.sha256(str(self.data).encode()).hexdigest()[:12]

    def url(self, user: str, name: str) -> str:
        """The address of one of its databases, for ``DATABASE_URL``."""
        return f"postgresql://{user}@/{quote(name)}?host={quote(str(self.sockets))}" + (
            f"&port={self.port}" if self.port != 5432 else ""
        )

    def alive(self) -> bool:
        """Whether the server answers (a server in recovery or shutting down does not)."""
        return (
            self._run(
                "pg_isready", "-q", "-h", str(self.sockets), "-p", str(self.port), "-U", "postgres", "-d", "postgres"
            ).returncode
            == 0
        )

    def start(self) -> None:
        """Bring the server up; made first when there is none. Returns when it answers; safe to call from several processes.

        Raises:
            Trouble: folder not writable, disk full, made by another version, or the server doesn't come up.
        """
        with self._lock():
            if self.alive():
                return
            if not (self.home / "PG_VERSION").exists():
                self._create()
            made_by = (self.home / "PG_VERSION").read_text().strip()
            if made_by != str(self.binaries.major):
                raise Trouble(
                    t(
                        f"{self.home} 由 PostgreSQL {made_by} 建立，现在可用的是 {self.binaries.major}。",
                        f"{self.home} was made by PostgreSQL {made_by}; the one found here is {self.binaries.major}.",
                    ),
                    t(
                        f"用 SZ_PG_BIN 指向 PostgreSQL {made_by} 的 bin 目录；要换版本，先 shuzheng backup，再在空目录 shuzheng restore。",
                        f"Point SZ_PG_BIN at the bin folder of PostgreSQL {made_by}; to change version: backup, then restore into an empty folder.",
                    ),
                )
            self._own(self.sockets)
            self._sweep()
            self._settings()
            done = self._run(
                *("pg_ctl", "-w", "-t", str(START_SECONDS), "-D", str(self.home), "-l", str(self.home / "log")),
                *("-o", f"-k '{self.sockets}' -p {self.port}", "start"),
            )
            if done.returncode or not self.alive():
                raise self._explained(done.stdout + self._log_tail())

    def stop(self) -> None:
        """Stop it; open transactions are rolled back. Nothing happens when it isn't running."""
        with self._lock():
            if self.alive():
                done = self._run("pg_ctl", "-w", "-t", str(START_SECONDS), "-m", "fast", "-D", str(self.home), "stop")
                if done.returncode:
                    raise self._explained(done.stdout)

    def database(self, name: str) -> Urls:
        """The database with its two roles, made when missing (idempotent). The server must be running."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True, prepare_threshold=None) as connection:
            # Two processes may ask at once: roles are the cluster's, so one lock for all databases.
            connection.execute("SELECT pg_advisory_lock(hashtext('shuzheng.roles'))")
            for role, rights in (("sz_owner", "LOGIN CREATEDB"), ("sz_app", "LOGIN")):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    connection.execute(sql.SQL("CREATE ROLE {} " + rights).format(sql.Identifier(role)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER sz_owner TEMPLATE template0").format(sql.Identifier(name))
                )
        return Urls(app=self.url("sz_app", name), owner=self.url("sz_owner", name))

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs as its user. Output goes through a file: the server inherits the handle, and a pipe would never end."""
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "Asia/Shanghai"}
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [self.binaries.program(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                check=False,
                **as_user(self.account),  # type: ignore[call-overload]
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read(), "")

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            lock = (self.data / "pg.lock").open("a")
        except OSError as error:
            raise locked(self.data, error) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _own(self, folder: Path) -> None:
        """A 0700 folder of the server's user. One that somebody else laid there is refused (the one in /tmp could be a trap)."""
        user = os.geteuid() if self.account is None else self.account.uid
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.account is not None and folder.lstat().st_uid == 0:
                os.chown(folder, self.account.uid, self.account.gid, follow_symlinks=False)
            status = folder.lstat()
        except OSError as error:
            raise locked(folder, error) from error
        if folder.is_symlink() or status.st_uid != user:
            raise locked(folder, PermissionError(f"owner {status.st_uid}"))
        folder.chmod(0o700)

    def _create(self) -> None:
        check_space(self.data)
        self._own(self.home)
        if self.binaries.major >= 17:
            locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        else:
            locale = ("--locale=C.UTF-8",)
        trust = ("--auth-local=trust", "--auth-host=scram-sha-256")
        sync = ("--no-sync",) if self.extra.get("fsync") == "off" else ()
        done = self._run("initdb", "-D", str(self.home), "-U", "postgres", "--encoding=UTF8", *trust, *locale, *sync)
        if done.returncode:
            raise self._explained(done.stdout)

    def _settings(self) -> None:
        """Our settings in a file of our own, read last, written anew at each start."""
        own, main = self.home / "shuzheng.conf", self.home / "postgresql.conf"
        lines = [f"{name} = '{value}'" for name, value in {**SETTINGS, **self.extra}.items()]
        own.write_text("\n".join(lines) + "\n")
        include = "include_if_exists = 'shuzheng.conf'"
        if include not in main.read_text():
            with main.open("a") as file:
                file.write(f"\n{include}\n")
        if self.account is not None:
            os.chown(own, self.account.uid, self.account.gid)

    def _sweep(self) -> None:
        """Remove lock files of a server that died. A pid alone proves nothing: it may be a zombie, or belong to somebody else by now."""
        socket_lock = self.sockets / f".s.PGSQL.{self.port}.lock"
        for lock in (self.home / "postmaster.pid", socket_lock):
            if not lock.exists():
                continue
            first = lock.read_text().split("\n", 1)[0].strip()
            if first.isdigit() and self._is_ours(int(first)):
                continue  # starting up, or recovering: pg_ctl waits for it
            lock.unlink()
            if lock == socket_lock:
                lock.with_name(f".s.PGSQL.{self.port}").unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        """Whether this process is a live server of this cluster."""
        process = Path(f"/proc/{pid}")
        if not Path("/proc/self").exists():  # macOS
            answer = subprocess.run(
                ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
            )
            return str(self.home) in answer.stdout
        try:
            state = process.joinpath("stat").read_text().rpartition(")")[2].split()[0]
            return state != "Z" and str(self.home) in process.joinpath("cmdline").read_text().replace("\0", " ")
        except OSError:
            return False

    def _log_tail(self) -> str:
        log = self.home / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-12:]) if log.exists() else ""

    def _explained(self, output: str) -> Trouble:
        if "No space left" in output:
            return full(self.data)
        if re.search(r"Permission denied|not owned by|wrong ownership", output):
            return locked(self.data, PermissionError(output.strip().splitlines()[-1]))
        tail = "\n".join(output.strip().splitlines()[-6:])
        return Trouble(
            t(f"内置数据库没有启动：\n{tail}", f"The embedded database did not start:\n{tail}"),
            t(
                f"查看日志 {self.home / 'log'}；运行 shuzheng doctor。",
                f"See the log {self.home / 'log'}; run shuzheng doctor.",
            ),
        )


def _enterable(folder: Path, account: Account) -> bool:
    """Whether that user may pass through the folder and all its parents."""
    for parent in (folder, *folder.parents):
        status = parent.stat()
        bit = 0o100 if status.st_uid == account.uid else 0o010 if status.st_gid == account.gid else 0o001
        if not status.st_mode & bit:
            return False
    return True


def locked(folder: Path, error: OSError) -> Trouble:
    """The folder can't be used by this user."""
    if error.errno == 28:
        return full(folder)
    return Trouble(
        t(f"数据目录 {folder} 不可用：{error}", f"The data folder {folder} can't be used: {error}"),
        t(
            "确认目录属于当前用户且可写（chown、chmod），或用 --data 指定别的目录。",
            "See that it belongs to you and is writable (chown, chmod), or name another one with --data.",
        ),
    )


def full(folder: Path) -> Trouble:
    """The disk is full."""
    return Trouble(
        t(f"磁盘已满，{folder} 所在的卷没有空间。", f"The disk that holds {folder} is full."),
        t(
            "腾出空间，或用 --data 换到另一块盘。已确认的数据不会丢失。",
            "Free some space, or use another disk by --data. No acknowledged data is lost.",
        ),
    )


def check_space(folder: Path) -> None:
    """Refuse to begin on a disk with less than ``FREE_MB`` megabytes free (or ``SZ_MIN_FREE_MB``).

    Raises:
        Trouble: too little is free.
    """
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    status = os.statvfs(place)
    if status.f_bavail * status.f_frsize < int(os.environ.get("SZ_MIN_FREE_MB", FREE_MB)) * 1_000_000:
        raise full(folder)
