"""Keys and passwords: random, prefixed, stored as hashes only, and no shortcut for somebody unknown."""

import re

import pytest
from argon2 import PasswordHasher, extract_parameters

from alarmd.access import secrets
from alarmd.alarm.incoming import Pin


def test_keys_are_url_safe_random_and_known_by_their_prefix() -> None:
    keys = {secrets.make_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(re.fullmatch(r"alarmd_[A-Za-z0-9_-]{43}", key) for key in keys)
    assert secrets.make_cookie() != secrets.make_cookie()


def test_a_secret_is_stored_as_its_sha256() -> None:
    assert secrets.hash_secret("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_password_fits_its_own_hash_alone() -> None:
    hashed = secrets.hash_password("riktig hest")
    assert "riktig" not in hashed
    assert secrets.password_fits(hashed, "riktig hest")
    assert not secrets.password_fits(hashed, "feil hest")
    assert not secrets.password_fits("no hash at all", "riktig hest")


def test_nobodys_password_never_fits_and_costs_as_much_as_somebodys() -> None:
    assert not secrets.password_fits(None, "anything")
    ours = extract_parameters(secrets.hash_password("x"))
    assert extract_parameters(secrets._NOBODY) == ours
    assert not PasswordHasher.from_parameters(ours).check_needs_rehash(secrets._NOBODY)


@pytest.mark.parametrize(("typed", "which"), [("2580", Pin.HONEST), ("9137", Pin.DURESS), ("2581", None)])
@pytest.mark.parametrize("is_set", [True, False])
def test_both_pins_are_always_compared(
    typed: str, which: Pin | None, is_set: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = [secrets.hash_password(pin) if is_set else None for pin in ("2580", "9137")]
    compared: list[str | None] = []
    fits = secrets.password_fits

    def counted(hash: str | None, password: str) -> bool:
        compared.append(hash)
        return fits(hash, password)

    monkeypatch.setattr(secrets, "password_fits", counted)
    assert secrets.which_pin(hashes[0], hashes[1], typed) is (which if is_set else None)
    assert compared == hashes
