"""Sounds as files: 32-bit float WAV, each named by the SHA-256 of the file."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from soundgraph.audio.artifact import HEADER_BYTES, MAX_BYTES, Audio, from_wav, shape_of_wav
from soundgraph.cache.disk.errors import disk_errors
from soundgraph.cache.disk.files import Files, is_same, read_file
from soundgraph.cache.disk.writing import Writing
from soundgraph.core.errors import StoreError


class DiskBlobs:
    """Safe to use from several threads and processes."""

    def __init__(self, files: Files, writing: Writing):
        self._folder, self._files, self._writing = files.places.folder, files, writing
        self._bad: set[str] = set()  # digests of damaged sounds that could not be set aside
        self.grown_bytes = 0
        """About how much was put through this object; sounds that were there already are among it."""

    def file(self, digest: str) -> Path:
        """Where the sound's file is, or would be."""
        return self._folder / "blobs" / digest[:2] / f"{digest}.wav"

    def has(self, digest: str) -> bool:
        with disk_errors(self._folder):
            return digest not in self._bad and self.file(digest).exists()

    def read(self, digest: str) -> Audio | None:
        if digest in self._bad:
            return None
        path = self.file(digest)
        try:
            data = read_file(path, HEADER_BYTES + MAX_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        with contextlib.suppress(ValueError):
            sound = from_wav(data or b"")
            if sound.digest == digest:
                return sound
        if not self._files.set_aside(path):
            self._bad.add(digest)
        return None

    def window(self, digest: str, start: int, n_samples: int) -> Audio | None:
        if digest in self._bad:
            return None
        path = self.file(digest)
        try:
            about = path.stat()
            if not stat.S_ISREG(about.st_mode):  # opening a pipe would wait for ever
                return self.read(digest)
            with path.open("rb") as file:
                shape = shape_of_wav(file.read(HEADER_BYTES), about.st_size)
                if start <= 0 and n_samples >= shape.n_samples:
                    return self.read(digest)
                start = min(max(start, 0), shape.n_samples)
                n_samples = min(max(n_samples, 0), shape.n_samples - start)
                frame_bytes = 4 * shape.channels
                file.seek(HEADER_BYTES + start * frame_bytes)
                data = file.read(n_samples * frame_bytes)
            frames = np.frombuffer(data, "<f4").reshape(n_samples, shape.channels)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError:  # it is damaged, or cut off at this moment: who reads all of it sets it aside
            return self.read(digest)
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        return Audio(np.ascontiguousarray(frames.T, dtype=np.float32), shape.sample_rate)

    def put(self, sounds: Mapping[str, Audio], *, takes: bool) -> None:
        files = {self.file(digest): sound.to_wav for digest, sound in sounds.items()}

        def publish() -> None:
            # What a power cut may take of other results than takes is a name or a record, and it is made again then:
            # syncing hundreds of folders, and each record, would cost more than most results do.
            self._files.publish(files.items(), sync=True, sync_folders=takes)
            self._bad.difference_update(sounds)

        self._writing.publish(publish)
        self.grown_bytes += sum(sound.samples.nbytes for sound in sounds.values())

    def move_in(self, digest: str, written: Path) -> bool:
        """Moves the file of a sound, which is what its digest says, to its place.

        Returns whether it was of use: not if the same is there already, which then counts as used now. Raises
        StoreError.
        """
        path = self.file(digest)
        with disk_errors(self._folder), self._writing.gate():
            if is_same(path, written):
                written.unlink()
                return False
            with written.open("rb+") as file:
                os.fsync(file.fileno())
            self._files.move(written, path)
            self._bad.discard(digest)
            self._files.sync_folders({path.parent})
        return True
