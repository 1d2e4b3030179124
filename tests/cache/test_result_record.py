"""Records read from rows of the index: the same as from files, with most of the text read later."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from soundgraph.core.errors import StoreError
from tests.helpers import CHAIN, Space

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FACTS = st.dictionaries(st.text(), VALUES, max_size=4)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
RECORDS = st.builds(
    Record,
    DIGESTS,
    DIGESTS,
    st.integers(1, 10**6),
    st.integers(1, 64),
    st.integers(0, 10**12),
    FACTS,
    FACTS,
    st.lists(st.text(), max_size=2).map(tuple),
)


def forged(manifest: str) -> str:
    """A record's text with the right checksum and whatever as its manifest."""
    text = Record("1" * 64, "2" * 64, 8000, 1, 1, {"kind": "x"}).to_json()
    body = text[: text.rindex(',"check"')].replace('{"kind":"x"}', manifest)
    return f'{body},"check":"{zlib.crc32(body.encode()):08x}"}}'


@given(RECORDS)
def test_a_row_reads_as_the_file_does(record: Record) -> None:
    text = record.to_json()
    found = Record.from_row(text)
    assert found is not None
    assert found == record == Record.from_json(text)
    assert (found.backend, found.inputs) == (record.backend, record.inputs)
    assert found.to_json() == text
    assert dataclasses.replace(found, made={}).to_json() == dataclasses.replace(record, made={}).to_json()


@given(RECORDS, st.data())
def test_a_row_with_one_other_character_is_none(record: Record, data: st.DataObject) -> None:
    text = record.to_json()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(exclude_characters=text[place]))
    assert Record.from_row(text[:place] + other + text[place + 1 :]) is None
    assert Record.from_row(text[:place]) is None


@pytest.mark.parametrize("manifest", ['{"kind":}', '{"a":1}}', '{"kind":"x"', '{"record":1,"a":[}'])
def test_a_forged_row_is_told_when_it_is_asked(manifest: str) -> None:
    found = Record.from_row(forged(manifest))
    assert found is not None
    for ask in (lambda: found.action["kind"], lambda: found.backend, lambda: found.made.get("at"), found.to_json):
        with pytest.raises(StoreError, match=f"the record of action {'1' * 64} is none that soundgraph wrote"):
            ask()


def test_verify_finds_a_forged_row_and_mends_it(space: Space) -> None:
    space.scene(CHAIN)
    assert space.build().code == 0
    with contextlib.closing(DiskStore(space.cache)) as store:
        record = next(store.records.all())
        name = f"action:{record.key}"
        text = record.to_json()
        body = text[: text.rindex(',"check"')].replace('"manifest":{', '"manifest":{,')
        store.index.put({name: f'{body},"check":"{zlib.crc32(body.encode()):08x}"}}'})
    assert json.loads(space.run("cache", "verify", "--json").out)["bad_rows"] == [name]
    assert space.run("cache", "verify", "--repair").code == 1
    assert space.run("cache", "verify").code == 0
