"""Who calls: a key in `Authorization: Bearer`, or a signed-in browser by its cookie. Every door of the node asks here.

What was looked up is kept until `Head.access` changes, so that a storm costs no database read per request, and a
revoked key is unknown as soon as the loop has seen the change. A cookie alone never changes anything: the page that
sends it must be one of ours (its Origin).
"""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import structlog
from starlette.requests import HTTPConnection

from alarmd.access.model import Account, Caller, Key, Session
from alarmd.access.rights import Right, of_key, of_session, require
from alarmd.access.secrets import hash_secret, make_cookie, password_fits
from alarmd.console.answers import TooManyTries
from alarmd.console.desk import Desk
from alarmd.console.throttle import Throttle
from alarmd.errors import NotAllowed, NotFound, NotSignedIn
from alarmd.organisation.model import Organisation
from alarmd.ports import Reading, Registry

log = structlog.get_logger()

COOKIE = "alarmd_session"
LASTS = timedelta(hours=12)
AT_ONCE = 2
"""Passwords compared at the same time: each takes 19 MiB and a core."""
MOST = 10_000
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Known = Key | Session | None


class SignIn:
    """`public_url` is where browsers find us; its origin is ours, and so is that of the request's own host."""

    def __init__(self, desk: Desk, public_url: str) -> None:
        self._desk = desk
        self._origin = _origin(public_url)
        self.secure = public_url.startswith("https:")
        self._known: dict[str, Known] = {}
        self._version = -1
        self._throttle = Throttle("password", desk.sisters, desk.clock)
        self._comparing = asyncio.Semaphore(AT_ONCE)

    async def caller(self, connection: HTTPConnection) -> Caller | None:
        """Who asks, None for nobody known. Raises NotAllowed for a cookie that comes from a foreign page."""
        header = connection.headers.get("authorization")
        if header is not None:
            scheme, _, key = header.partition(" ")
            return await self._holder(hash_secret(key.strip())) if scheme.lower() == "bearer" else None
        cookie = connection.cookies.get(COOKIE)
        if not cookie:
            return None
        self._require_our_page(connection)
        return await self._signed_in(hash_secret(cookie))

    async def may(self, connection: HTTPConnection, right: Right, *, site: str | None = None) -> Caller:
        """The caller, who has this right. Raises NotSignedIn, NotAllowed."""
        return require(await self.caller(connection), right, site=site)

    async def renewed(self, caller: Caller) -> Caller | None:
        """The same caller as keys, sessions and roles are now; None when he is none any more."""
        look = self._signed_in if caller.scope is None else self._holder
        return await look(caller.credential)

    async def session(self, connection: HTTPConnection) -> Session:
        """The session of a signed-in browser. Raises NotSignedIn."""
        cookie = connection.cookies.get(COOKIE)
        found = await self._look(hash_secret(cookie), "session") if cookie else None
        if not isinstance(found, Session) or found.expires_at <= self._desk.clock.now():
            raise NotSignedIn("not signed in")
        return found

    async def begin(self, connection: HTTPConnection, person: str, password: str) -> tuple[str, Session]:
        """Sign somebody in: the cookie, and its session. Raises NotSignedIn, the same for a wrong password and an
        unknown person, and TooManyTries."""
        if "origin" in connection.headers:
            self._require_our_page(connection)
        address, now = address_of(connection), self._desk.clock.now()
        wait = self._throttle.begin(person, address, now)
        if wait:
            log.warning("sign-in throttled", address=address, **self._known_name(person))
            raise TooManyTries(wait)
        cookie = make_cookie()
        session = Session(hash_secret(cookie), person, now, now + LASTS)
        fitting = await self._fitting(person, password)
        if fitting is None or not await self._desk.store.transact(partial(_add, session=session, password=fitting)):
            log.warning("sign-in refused", address=address, **self._known_name(person))
            raise NotSignedIn("wrong user name or password")
        self._throttle.succeeded(person, address)
        log.info("signed in", person=person)
        return cookie, session

    async def end(self, connection: HTTPConnection) -> None:
        """Sign out; nothing happens where nobody was signed in."""
        cookie = connection.cookies.get(COOKIE)
        if cookie:
            self._require_our_page(connection)
            hash = hash_secret(cookie)
            self._known.pop(hash, None)
            await self._desk.store.transact(partial(_end, hash=hash, now=self._desk.clock.now()))
            self._known.pop(hash, None)

    def organisation(self) -> Organisation | None:
        """The one that holds, None before the first."""
        try:
            return self._desk.organisation()[1]
        except NotFound:
            return None

    async def _holder(self, hash: str) -> Caller | None:
        found = await self._look(hash, "key")
        return of_key(found, self.organisation()) if isinstance(found, Key) else None

    async def _signed_in(self, hash: str) -> Caller | None:
        found = await self._look(hash, "session")
        if not isinstance(found, Session) or found.expires_at <= self._desk.clock.now():
            return None
        return of_session(found, self.organisation())

    async def _look(self, hash: str, what: str) -> Known:
        version = self._desk.head.access
        if version != self._version or len(self._known) > MOST:
            self._known.clear()
            self._version = version
        if hash in self._known:
            return self._known[hash]
        found = await self._desk.store.read(partial(_find, hash=hash, what=what))
        if version == self._desk.head.access == self._version:
            self._known[hash] = found
        return found

    async def _fitting(self, person: str, password: str) -> str | None:
        """The hash that this password fits, None where it is wrong. Compared on a thread, and for nobody as long as for
        somebody."""
        account = await self._desk.store.read(partial(account_of, person=person))
        hash = account.password if account else None
        async with self._comparing:
            fits = await asyncio.to_thread(password_fits, hash, password)
        return hash if fits and self._works_here(person) else None

    def _works_here(self, person: str) -> bool:
        organisation = self.organisation()
        return organisation is not None and person in organisation.people

    def _known_name(self, person: str) -> dict[str, str]:
        """For the log: who was meant, if there is such a person. Whatever else was typed there may be a password."""
        return {"person": person} if self._works_here(person) else {}

    def _require_our_page(self, connection: HTTPConnection) -> None:
        if connection.scope["type"] == "http" and connection.scope["method"] in SAFE:
            return
        ours = {self._origin, _origin(f"//{connection.headers.get('host', '')}")} - {""}
        if _origin(connection.headers.get("origin", "")) not in ours:
            raise NotAllowed("a cookie counts only from our own pages: Origin must be PUBLIC_URL or the address asked")


def _origin(url: str) -> str:
    """Host and port of an address; a proxy may end TLS before us, so the scheme says nothing."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return f"{host}:{port}" if port not in (None, 80, 443) else host


def address_of(connection: HTTPConnection) -> str:
    """By which wrong passwords and PINs are counted."""
    return connection.client.host if connection.client else ""


def _find(reading: Reading, hash: str, what: str) -> Known:
    return reading.key(hash) if what == "key" else reading.session(hash)


def account_of(reading: Reading, person: str) -> Account | None:
    """For a read of the store."""
    return reading.account(person)


def _add(registry: Registry, session: Session, password: str) -> bool:
    """False when the password has become another while it was compared: no session may begin with the old one."""
    account = registry.account(session.person)
    if account is None or account.password != password:
        return False
    registry.add_session(session)
    return True


def _end(registry: Registry, hash: str, now: datetime) -> None:
    registry.end_session(hash, now=now)
