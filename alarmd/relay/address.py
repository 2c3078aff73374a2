"""Where Redis is: one server (`redis://`, `rediss://` as redis-py has it), or whichever server its sentinels call the
master: `redis+sentinel://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT].../SERVICE[/DB]`, `rediss+sentinel://` with TLS. The
name and password are the servers'; sentinels that want one get it by `?sentinel_username=...&sentinel_password=...`.
"""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.sentinel import Sentinel

from alarmd.errors import CannotStart

SENTINEL_PORT = 26379
EXPECTED = (
    "expected redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://..., or"
    " redis+sentinel://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT]/SERVICE[/DB]"
)


def open_redis(url: str, **options: Any) -> tuple[Redis, Sentinel | None]:
    """A client that connects when it is used, and the sentinels that it asks. `options`: for each connection. Raises
    CannotStart.
    """
    try:
        if "+sentinel://" in url:
            return _by_sentinels(url, options)
        return Redis.from_url(url, **options), None
    except ValueError as fault:
        raise CannotStart(f"ALARMD_REDIS_URL: no such address; {EXPECTED}") from fault


def _by_sentinels(url: str, options: dict[str, Any]) -> tuple[Redis, Sentinel]:
    parts = urlsplit(url)
    scheme = parts.scheme.removesuffix("+sentinel")
    login, _, places = parts.netloc.rpartition("@")
    service, _, database = parts.path.removeprefix("/").partition("/")
    sentinels = [_place(word) for word in places.split(",")]
    if scheme not in ("redis", "rediss") or not service or not all(host for host, _ in sentinels):
        raise ValueError(scheme)
    tls = {"ssl": True} if scheme == "rediss" else {}
    user, _, password = login.partition(":")
    names = {"username": unquote(user) or None, "password": unquote(password) or None}
    asked = {key: words[-1] for key, words in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
    if unknown := asked.keys() - {"sentinel_username", "sentinel_password"}:
        raise ValueError(unknown)
    theirs = {key.removeprefix("sentinel_"): word for key, word in asked.items()}
    sentinel = Sentinel(sentinels, sentinel_kwargs=options | tls | theirs)  # type: ignore[no-untyped-call]  # says no types
    connection: dict[str, Any] = {"db": int(database or 0), **options, **tls, **names}
    return sentinel.master_for(service, **connection), sentinel


def _place(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    return parts.hostname or "", parts.port or SENTINEL_PORT
