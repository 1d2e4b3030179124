"""Recordings made by hand, for tests: what encoders on this machine do not write."""

from __future__ import annotations

import io
import re
import struct

import numpy as np
import soundfile

from soundgraph.audio.containers.ogg import checksum

RATE = 44100


def tone(n=RATE, channels=1, freq_hz=440.0, rate=RATE):
    """A quiet sine, shape (n, channels)."""
    wave = 0.3 * np.sin(2 * np.pi * freq_hz * np.arange(n) / rate)
    return np.repeat(wave[:, np.newaxis], channels, axis=1)


def encoded(kind, subtype=None, samples=None, rate=RATE, **options):
    memory = io.BytesIO()
    samples = tone() if samples is None else samples
    soundfile.write(memory, samples, rate, format=kind, subtype=subtype, **options)
    return memory.getvalue()


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def wav(codec, rate, channels, block_bytes, bits, extra, sound, chunks=b""):
    """A WAV whose format is given number by number. chunks: between format and sound."""
    head = struct.pack("<HHIIHH", codec, channels, rate, rate * block_bytes, block_bytes, bits) + extra
    body = b"WAVE" + chunk(b"fmt ", head) + chunks + chunk(b"data", sound)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mp3_frames(mp3):
    """The frames of an MP3, without the header that an encoder puts before them."""
    at = re.search(rb"\xff[\xf2-\xfb]", mp3).start()
    rates = {0x18: (44100, 48000, 32000), 0x10: (22050, 24000, 16000), 0x00: (11025, 12000, 8000)}
    first = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    other = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    found = []
    while at + 4 <= len(mp3) and mp3[at] == 0xFF:
        version = mp3[at + 1] & 0x18
        kbps = (first if version == 0x18 else other)[(mp3[at + 2] >> 4) - 1]
        per = 144000 if version == 0x18 else 72000
        size = per * kbps // rates[version][mp3[at + 2] >> 2 & 3] + (mp3[at + 2] >> 1 & 1)
        found.append(mp3[at : at + size])
        at += size
    return found[1:] if re.search(rb"Xing|Info", found[0]) else found


def ogg_page(kind, granule, number, packet, serial=77):
    lacing = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, kind, granule, serial, number, 0, len(lacing))
    page = head + lacing + packet
    return page[:22] + struct.pack("<I", checksum(page)) + page[26:]


def flac_parts(flac):
    """(STREAMINFO, the frames as one piece) of a FLAC."""
    at = 4
    while True:
        last, size = flac[at] & 0x80, int.from_bytes(flac[at + 1 : at + 4], "big")
        at += 4 + size
        if last:
            return flac[8:42], flac[at:]


def with_total(flac, total, md5=None):
    """The FLAC with another number of samples in its header, and another checksum of them."""
    numbers = int.from_bytes(flac[18:26], "big") >> 36 << 36 | total
    return flac[:18] + numbers.to_bytes(8, "big") + (flac[26:42] if md5 is None else md5) + flac[42:]


def ogg_flac(flac, granule, serial=77):
    """FLAC of one frame in Ogg."""
    info, frames = flac_parts(flac)
    note = struct.pack("<I", 4) + b"test" + struct.pack("<I", 0)
    head = b"\x7fFLAC\1\0\0\1fLaC\0" + len(info).to_bytes(3, "big") + info
    return (
        ogg_page(2, 0, 0, head, serial)
        + ogg_page(0, 0, 1, b"\x84" + len(note).to_bytes(3, "big") + note, serial)
        + ogg_page(4, granule, 2, frames, serial)
    )
