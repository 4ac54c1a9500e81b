"""Addresses: what is shown of one never holds a secret, and what is none is left as it is."""

from hypothesis import given
from hypothesis import strategies as some

from nextlabel.files.remote import DRIVERS, is_remote, without_secrets

WORD = some.text("abcdefgh-_.é ü%", min_size=1, max_size=8)
SECRET = some.text("STUVWXYZ0123456789+/=%", min_size=3, max_size=30)


@given(some.sampled_from(sorted(DRIVERS)), WORD, SECRET, SECRET, some.lists(WORD, max_size=3))
def test_no_secret_is_shown(scheme: str, host: str, password: str, signature: str, parts: list[str]) -> None:
    login = password.replace("/", "%2F")
    plain = f"{scheme}://{host}/{'/'.join(parts)}"
    shown = without_secrets(f"{scheme}://ann:{login}@{host}/{'/'.join(parts)}?X-Amz-Signature={signature}")
    assert shown == plain
    assert without_secrets(shown) == shown
    assert is_remote(shown)


@given(some.text(max_size=30))
def test_what_is_no_address_stays(text: str) -> None:
    assert is_remote(text) or without_secrets(text) == text
