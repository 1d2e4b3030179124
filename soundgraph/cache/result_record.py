"""Records: what an action gave, as one line of text that tells when it was damaged."""

from __future__ import annotations

import functools
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from soundgraph.core.digest import DIGEST, is_digest
from soundgraph.core.errors import StoreError

_FORM = 2
_CHECK = ',"check":"'
_END = '"}'
_TAIL = len(_CHECK) + 8 + len(_END)

# What every record of this form begins with, and what most end with.
_HEAD = re.compile(
    rf'\{{"record":2,"key":"({DIGEST})","digest":"({DIGEST})",'.encode()
    + rb'"sample_rate":(\d{1,9}),"channels":(\d{1,9}),"n_samples":(\d{1,18}),"manifest":\{'
)
_NO_REMARKS = b'"remarks":[]'


@dataclass(frozen=True)
class Record:
    """What an action gave."""

    key: str
    """The action key."""
    digest: str
    """Of the artifact."""
    sample_rate: int
    """In Hz."""
    channels: int
    n_samples: int
    """Of one channel."""
    action: Mapping[str, Any]
    """What the key is a digest of."""
    made: Mapping[str, Any] = field(default_factory=dict)
    """Facts that are no part of the key: node, time, seconds, versions, machine."""
    remarks: tuple[str, ...] = ()
    """What the build said when it ran."""

    @property
    def backend(self) -> str | None:
        """The name of the backend that generated it; None if none did. Whether that makes drafts, the backend says."""
        model = self.action.get("model")
        return str(model.get("backend", "")) if isinstance(model, Mapping) else None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The digests of the artifacts that went in."""
        digests = self.action.get("inputs", {})
        return tuple(map(str, digests.values())) if isinstance(digests, Mapping) else ()

    def to_json(self) -> str:
        """One line of JSON that ends with a checksum (CRC-32) of all before it: a flipped bit may leave a text that
        still reads as a record, of another sound."""
        body = json.dumps(
            {
                "record": _FORM,
                "key": self.key,
                "digest": self.digest,
                "sample_rate": self.sample_rate,
                "channels": self.channels,
                "n_samples": self.n_samples,
                "manifest": dict(self.action),
                "made": dict(self.made),
                "remarks": list(self.remarks),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )[:-1]
        return f"{body}{_CHECK}{_crc(body.encode('utf-8', 'surrogatepass'))}{_END}"

    @staticmethod
    def from_json(text: str | bytes) -> Record | None:
        """None for a text that is not a whole record, as it was written."""
        try:
            raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
            data = json.loads(raw)
            if data["record"] == _FORM:
                if not _is_whole(raw):
                    return None
            elif data["record"] != 1 or "check" in data:  # 1 was written before there was a checksum
                return None
            if not (is_digest(data["key"]) and is_digest(data["digest"])):
                return None
            return Record(
                data["key"],
                data["digest"],
                int(data["sample_rate"]),
                int(data["channels"]),
                int(data["n_samples"]),
                dict(data["manifest"]),
                dict(data["made"]),
                tuple(map(str, data["remarks"])),
            )
        except (ValueError, TypeError, KeyError, RecursionError):
            return None

    @staticmethod
    def from_row(text: str) -> Record | None:
        """Like `from_json`, but `action` and `made` are read when they are asked for, and not kept: a plan of 190,000
        nodes wants to know of nearly all records only which sound they name.

        With a right checksum this can only fail for a text that soundgraph did not write: then asking raises
        StoreError.
        """
        raw = text.encode("utf-8", "surrogatepass")
        head = _HEAD.match(raw)
        if head is None or not raw.endswith(_NO_REMARKS, 0, -_TAIL) or not _is_whole(raw):
            return Record.from_json(raw)
        key, digest, rate, channels, length = (field_bytes.decode() for field_bytes in head.groups())
        return Record(key, digest, int(rate), int(channels), int(length), _Part(raw, "action"), _Part(raw, "made"))


class _Part(Mapping[str, Any]):
    """A field of a record's text."""

    __slots__ = ("_name", "_raw")

    def __init__(self, raw: bytes, name: str):
        self._raw, self._name = raw, name

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())

    def _read(self) -> Mapping[str, Any]:
        record = _parsed(self._raw)
        if record is None:
            raise StoreError(
                f"the record of action {_HEAD.match(self._raw)[1].decode()} is none that soundgraph wrote",  # type: ignore[index]
                "soundgraph cache verify --repair sets it aside",
            )
        return getattr(record, self._name)  # type: ignore[no-any-return]


@functools.lru_cache(maxsize=64)  # of one record, several things are asked after one another
def _parsed(raw: bytes) -> Record | None:
    return Record.from_json(raw)


def is_later(text: str | bytes) -> bool:
    """Whether a text that is no record to this version is a whole one to a later version: it is not damaged."""
    try:
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        form = json.loads(raw)["record"]
        return isinstance(form, int) and form > _FORM and _is_whole(raw)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def digest_of_later(raw: bytes) -> str | None:
    """The sound that a record of a later version (see `is_later`) names, if it does so as this one does."""
    digest = json.loads(raw).get("digest")
    return digest if is_digest(digest) else None


def _is_whole(raw: bytes) -> bool:
    return raw[-_TAIL:] == f"{_CHECK}{_crc(raw[:-_TAIL])}{_END}".encode()


def _crc(data: bytes) -> str:
    return f"{zlib.crc32(data):08x}"
