"""The doors to the database: which URLs apply, whether they answer, and whether a role may run the program."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from shuzheng.ops import preparation
from shuzheng.ops.pg import Cluster, Urls, full
from shuzheng.ops.words import Trouble, t

if TYPE_CHECKING:
    import psycopg

NAME = "shuzheng"
ROOT = preparation.ROOT


def data_folder() -> Path:
    """Where everything of this deployment lies: ``SZ_DATA``, else ``var`` of the checkout."""
    return Path(os.environ.get("SZ_DATA") or ROOT / "var").absolute()


def outside() -> bool:
    """Whether the operator named a server of his own."""
    return bool(os.environ.get("DATABASE_URL"))


@contextlib.contextmanager
def opened() -> Iterator[Urls]:
    """The database for one command, its URL in the environment. The embedded server is started and brought to this version
    when need be, and stopped again at the end if it was not running before.
    """
    if outside():
        yield Urls(app=os.environ["DATABASE_URL"], owner=os.environ.get("DATABASE_OWNER_URL", ""))
        return
    cluster = Cluster(data_folder())
    was_alive = cluster.alive()
    cluster.start()
    urls = cluster.database(NAME)
    preparation.prepare(cluster, urls)
    # The owner's door stays shut for commands that work on records: they act as the program does, under the policies.
    os.environ["DATABASE_URL"] = urls.app
    try:
        yield urls
    finally:
        del os.environ["DATABASE_URL"]
        if not was_alive:
            cluster.stop()


def parts(url: str) -> tuple[str, str]:
    """User and database name of a URL; never its password, so that it can be shown.

    Raises:
        Trouble: it isn't a URL of PostgreSQL.
    """
    try:
        split = urlsplit(url)
        _ = split.port  # raises for a port that is no number
    except ValueError as error:
        raise _bad_url(str(error)) from error
    if split.scheme not in {"postgres", "postgresql"}:
        raise _bad_url(t(f"以 {split.scheme or '？'}:// 开头", f"it begins with {split.scheme or '?'}://"))
    return unquote(split.username or ""), unquote(split.path.lstrip("/"))


def _bad_url(why: str) -> Trouble:
    return Trouble(
        t(f"DATABASE_URL 写法不对：{why}。", f"DATABASE_URL is not right: {why}."),
        t("写法：postgresql://用户:口令@主机:端口/库名", "The form is postgresql://user:password@host:port/name"),
    )


def connect(url: str, name: str = "") -> psycopg.Connection:
    """A connection outside Django, to the URL's database or to ``name`` on the same server.

    Raises:
        Trouble: wrong URL, or the server can't be reached, or refuses.
    """
    import psycopg

    parts(url)
    try:
        kwargs = {"dbname": name} if name else {}
        return psycopg.connect(url, connect_timeout=5, autocommit=True, prepare_threshold=None, **kwargs)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        raise away(error, url) from error


def away(error: Exception, url: str = "") -> Trouble:
    """The sentence for a database that doesn't let us in."""
    user, name = parts(url) if url else ("", "")
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    whom = t(f"（用户 {user}，库 {name}）", f" (user {user}, database {name})") if url else ""
    if "does not exist" in text or "authentication failed" in text or "no password supplied" in text:
        return Trouble(
            t(f"数据库拒绝了连接{whom}：{text}", f"The database refused us{whom}: {text}"),
            t(
                "核对 DATABASE_URL 中的用户、口令与库名；建角色与库的语句见 docs/operators.md。",
                "Check user, password and name in DATABASE_URL; docs/operators.md has the SQL for roles and database.",
            ),
        )
    return Trouble(
        t(f"连不上数据库{whom}：{text}", f"The database can't be reached{whom}: {text}"),
        t(
            "确认数据库已启动、地址与端口正确、网络与防火墙放行；使用内置数据库时先运行 shuzheng up。",
            "See that it is running, that address and port are right and the network lets us through; "
            "with the embedded database, run shuzheng up first.",
        ),
    )


def refuse_owner() -> None:
    """Web and worker run as a role that neither owns the tables nor bypasses the policies; anything else stops here.

    Raises:
        Trouble: the owner's URL is in the environment, or the role of ``DATABASE_URL`` is too mighty, or it can't be asked.
    """
    use_app = t(
        "让 DATABASE_URL 使用 sz_app 这类普通角色，且不要把 DATABASE_OWNER_URL 交给网页与后台进程（它只用于迁移）。",
        "Let DATABASE_URL name a plain role such as sz_app, and don't hand DATABASE_OWNER_URL to web or worker (it is for migrations only).",
    )
    if os.environ.get("DATABASE_OWNER_URL"):
        raise Trouble(
            t(
                "拒绝启动：网页与后台进程拿到了库主的 DATABASE_OWNER_URL。",
                "Refusing to start: this process was given the owner's DATABASE_OWNER_URL.",
            ),
            use_app,
        )
    if not outside():
        raise Trouble(
            t("没有 DATABASE_URL。", "There is no DATABASE_URL."),
            t("设置 DATABASE_URL；只想试用，请运行 shuzheng up。", "Set it; to try the product, run shuzheng up."),
        )
    with connect(os.environ["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT current_user, r.rolsuper, r.rolbypassrls, EXISTS (SELECT FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') "
            "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND pg_has_role(current_user, c.relowner, 'MEMBER')) "
            "FROM pg_roles r WHERE r.rolname = current_user"
        ).fetchone()
    if row is None:
        raise RuntimeError("pg_roles does not list the current user")
    user, superuser, bypass, owns = row
    reasons = [
        word
        for applies, word in (
            (superuser, t("是超级用户", "is a superuser")),
            (bypass, t("可绕过行级策略", "bypasses row policies")),
            (owns, t("拥有数据表", "owns tables")),
        )
        if applies
    ]
    if reasons:
        why = t("、", ", ").join(reasons)
        raise Trouble(t(f"拒绝启动：角色 {user} {why}。", f"Refusing to start: role {user} {why}."), use_app)


def as_trouble(error: BaseException) -> Trouble | None:
    """The operator's sentence for faults of the surroundings (database away, disk full); ``None`` for faults of ours."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno == errno.ENOSPC:
            return full(data_folder())
        kind = {cls.__name__ for cls in type(seen).__mro__}
        if "DiskFull" in kind:
            return full(data_folder())
        if kind & {"PoolTimeout", "ConnectionTimeout", "ConnectionFailure", "AdminShutdown"} or (
            "OperationalError" in kind and seen.__cause__ is None and getattr(seen, "sqlstate", None) is None
        ):
            return away(
                seen if isinstance(seen, Exception) else Exception(str(seen)), os.environ.get("DATABASE_URL", "")
            )
        if kind & {"InvalidPassword", "InvalidCatalogName", "InvalidAuthorizationSpecification"}:
            return away(Exception(str(seen)), os.environ.get("DATABASE_URL", ""))
        if "ImproperlyConfigured" in kind or "KeyTrouble" in kind:
            what, _, remedy = str(seen).partition("。")  # they say what is wrong first, and then what to do
            help_ = t("各变量与文件的说明见 docs/operators.md。", "docs/operators.md explains every variable and file.")
            return Trouble(what, f"{remedy}{help_}")
        seen = seen.__cause__ or seen.__context__
    return None
