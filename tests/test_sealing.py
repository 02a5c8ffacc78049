import pytest
from hypothesis import given
from hypothesis import strategies as st

from consular import sealing


@given(st.text())
def test_what_is_sealed_can_be_opened_again(text):
    assert sealing.unseal(sealing.seal(text)) == text


@given(st.lists(st.text()))
def test_many_are_sealed_as_one_is(texts):
    sealed = sealing.seal_all(texts)
    assert [sealing.unseal(each) for each in sealed] == texts
    assert sealing.seal_all(map(sealing.Sealed, sealed)) == sealed


def test_the_same_text_never_looks_the_same_twice():
    assert sealing.seal("Ada") != sealing.seal("Ada")


def test_an_old_key_still_opens_after_rotation(settings):
    sealed = sealing.seal("Ada")
    settings.SEALING_KEYS = ["a new key", *settings.SEALING_KEYS]
    assert sealing.unseal(sealed) == "Ada"
    assert sealing.seal("Ada").split(".")[1] != sealed.split(".")[1]


def test_without_its_key_nothing_opens(settings):
    sealed = sealing.seal("Ada")
    settings.SEALING_KEYS = ["another key"]
    with pytest.raises(sealing.SealError, match="MUSTER_KEYS"):
        sealing.unseal(sealed)


def test_a_changed_value_is_refused():
    head, key, body = sealing.seal("Ada").split(".")
    changed = body[:-6] + ("AAAA" if body[-6:-2] != "AAAA" else "BBBB") + body[-2:]
    with pytest.raises(sealing.SealError):
        sealing.unseal(f"{head}.{key}.{changed}")


def test_a_token_is_good_for_one_purpose_only():
    assert sealing.token("message", "1") == sealing.token("message", "1")
    assert sealing.token("message", "1") != sealing.token("manage", "1")
    assert len(sealing.token("message", "1")) == 23


def test_codes_hold_no_letters_that_look_alike():
    codes = [sealing.new_code() for _ in range(200)]
    assert not set("".join(codes)) & set("01OIL")
    assert not [code for code in codes if code.isalpha() or code.isdigit()]


def test_many_codes_are_made_up_like_one() -> None:
    codes = sealing.new_codes(3_000, 5)
    assert len(codes) == 3_000
    assert {len(code) for code in codes} == {5}
    assert set("".join(codes)) == set(sealing.CODE_LETTERS)
    assert not any(code.isalpha() or code.isdigit() for code in codes)
    assert len(set(codes)) > 2_990


def test_the_keys_of_many_tokens_are_those_of_each() -> None:
    keys = sealing.token_keys("message", ["one", "two"])
    assert keys == [
        sealing.token_key(sealing.token("message", subject))
        for subject in ("one", "two")
    ]
