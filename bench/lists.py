"""A list page of 50 from millions of scoped rows: its queries, their number, and the whole request."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, connections
from django.http import QueryDict
from django.test import RequestFactory

from bench import stock
from bench.measure import Result, interleaved
from bench.reference import lists as reference
from shuzheng.base.accounts.models import Account
from shuzheng.base.core.scope import Range
from shuzheng.base.registers.query import Listing, Params
from shuzheng.base.registers.service import get

MOST_QUERIES = 8


def run() -> Iterator[Result]:
    """As a county, a prefecture and the nation."""
    for who, username in stock.PERSONAS.items():
        actor = stock.actor(username)
        yield from _queries(who, actor)
        yield from _request(who, username, Range.subtree(actor.division))


def _queries(who: str, actor: Any) -> Iterator[Result]:
    """The statements of a list, as they are sent, in the scope; against the same with literals, as the owner."""
    register = get("places")
    span = Range.subtree(actor.division)
    app, owner = connections["default"], connections["owner"]
    with actor.scope.activate():
        listing = Listing(register, actor, Params.parse(register, QueryDict("")))
        listing.find(listing.visible())  # the second look at a long list knows that it is one
        with watched("default") as asked:
            found = listing.find(listing.visible())
        *figures, page = asked
        rows = reference.rows(span.lo, span.hi)
        if [row.pk for row in found.rows] != [row.pk for row in rows]:
            raise AssertionError(f"the page of {who} is not the reference's")
        plain = rows.query.get_compiler("owner").as_sql()
        mine, theirs = interleaved(lambda: fetch(app, *page), lambda: fetch(owner, *plain))
        what = "50 rows in order of (path, id), with owner and place around; against literal WHERE as owner"
        yield Result(f"list page, rows, {who}", mine, what, theirs, 1.3)
        if figures:
            same = [(reference.literal(sql, span.lo, span.hi), params) for sql, params in figures]
            mine, theirs = interleaved(lambda: _all(app, figures), lambda: _all(owner, same))
            what = "total, sums, tabs and scope switch, up to the cap; against the same with literal WHERE as owner"
            yield Result(f"list page, figures, {who}", mine, what, theirs, 1.3)


def fetch(connection: Any, sql: str, params: Any) -> list[Any]:
    """All rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _all(connection: Any, statements: list[tuple[str, Any]]) -> None:
    for sql, params in statements:
        fetch(connection, sql, params)


@contextmanager
def watched(alias: str) -> Iterator[list[tuple[str, Any]]]:
    """The statements sent meanwhile, of whatever kind."""
    seen: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connections[alias].execute_wrapper(note):
        yield seen


def _request(who: str, username: str, span: Range) -> Iterator[Result]:
    """From the WSGI door through every middleware, signed in; against a view that knows nobody."""
    ours = door("/r/places/", sign_in(username))
    factory = RequestFactory()

    def plain() -> bytes:
        return reference.view(factory.get("/", {"lo": span.lo, "hi": span.hi})).content

    if ours().count(b'name="id"') != reference.SIZE or plain().count(b'name="id"') != reference.SIZE:
        raise AssertionError(f"the page of {who} has not {reference.SIZE} rows")
    with watched("default") as asked:
        ours()
    yield Result(
        f"list page, queries, {who}", len(asked), "all statements of the request, those of session and scope included",
        bar=MOST_QUERIES, unit="queries",
    )  # fmt: skip
    mine, theirs = interleaved(ours, plain)
    yield Result(
        f"list page, request, {who}", mine, "WSGI, all middleware, signed in; against a bare view with the same table", theirs, 2.5
    )  # fmt: skip


def sign_in(username: str) -> str:
    """The key of a session of this account, as signing in leaves it."""
    account = Account.objects.get(username=username)
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def door(path: str, session: str) -> Callable[[], bytes]:
    """A function that asks for a page as a server does and gives its body."""
    handler, factory = WSGIHandler(), RequestFactory()

    def ask() -> bytes:
        environ = factory._base_environ(
            PATH_INFO=path, HTTP_HOST="localhost", HTTP_COOKIE=f"{settings.SESSION_COOKIE_NAME}={session}", **{"wsgi.input": io.BytesIO()}
        )  # fmt: skip
        status = []
        answer = handler(environ, lambda line, headers: status.append(line))
        body = b"".join(answer)
        answer.close()
        close_old_connections()
        if not status[0].startswith("200"):
            raise AssertionError(f"{path} answered {status[0]}: {body[:300]!r}")
        return body

    return ask
