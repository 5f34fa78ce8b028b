# SPDX-License-Identifier: MIT
"""records - reads a spool's files independently of the product: journal lines, checksums, box entries; and lets a
segment grow old."""
import base64
import datetime
import glob
import json
import os
import re
import struct


def _table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _table()
# Two bytes at a time: benchmarks record hundreds of thousands of events.
_CRC2 = [_CRC[_CRC[low] & 0xFF ^ high] ^ _CRC[low] >> 8 for high in range(256) for low in range(256)]


def crc32c(data):
    """CRC-32C (Castagnoli), as RFC 3720 appendix B.4 tests it."""
    crc = 0xFFFFFFFF
    for pair in struct.unpack(f"<{len(data) // 2}H", data[:len(data) & ~1]):
        crc = crc >> 16 ^ _CRC2[(crc ^ pair) & 0xFFFF]
    if len(data) & 1:
        crc = crc >> 8 ^ _CRC[(crc ^ data[-1]) & 0xFF]
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


class Damaged(AssertionError):
    """A journal line that is no sound record."""


def checked(line):
    """The JSON of a journal line whose checksum is right."""
    head, mark, tail = line.rpartition(b',"crc":"')
    if not mark or len(tail) != 10 or tail[8:] != b'"}':
        raise Damaged(f"no checksum at the end: {line[:200]!r}")
    if f"{crc32c(head):08x}".encode() != tail[:8]:
        raise Damaged(f"wrong checksum: {line[:200]!r}")
    return json.loads(line)


def body_of(record):
    """The exact bytes that were delivered."""
    if "body_base64" in record:
        if "body" in record:
            raise Damaged("both body and body_base64")
        return base64.b64decode(record["body_base64"], validate=True)
    return record["body"].encode()


def segments(spool):
    folder = os.path.join(spool, "log")
    return [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if n.endswith(".jsonl")]


def age(path, **ago):
    """Makes a segment as old as if it had been begun so long ago, which timedelta understands."""
    with open(path, "rb") as f:
        head, rest = f.read().split(b"\n", 1)
    made = datetime.datetime.fromisoformat(json.loads(head)["created"][:-1]) - datetime.timedelta(**ago)
    head = re.sub(rb'"created":"[^"]*"', f'"created":"{made.isoformat(timespec="milliseconds")}Z"'.encode(), head)
    head = head[:head.index(b',"crc"')]
    with open(path, "wb") as f:
        f.write(head + f',"crc":"{crc32c(head):08x}"}}\n'.encode() + rest)


def journal(spool, torn=False):
    """All records, oldest first, each checked. `torn`: lines that a killed writer left behind are passed over."""
    found = []
    for path in segments(spool):
        with open(path, "rb") as f:
            lines = f.read().split(b"\n")
        if lines.pop() != b"" and not torn:
            raise Damaged(f"{path} does not end in a newline")
        for number, line in enumerate(lines):
            try:
                record = checked(line)
            except (Damaged, ValueError) as e:
                if torn and number > 0:
                    continue
                raise Damaged(f"{path}:{number + 1}: {e}") from e
            if number == 0:
                if "segment" not in record:
                    raise Damaged(f"{path}: no header")
                continue
            found.append(record)
    return found


def place_of(event_id):
    """An id as (segment, offset), which can be compared."""
    segment, _, offset = event_id.partition(":")
    return int(segment), int(offset)


def counted(spool):
    """All records that count, oldest first, as (place, record): by the rule of stenohook-spool(5), except that of the last
    segment everything counts. Files are never changed, so whoever appends meanwhile does no harm."""
    paths = segments(spool)
    heads = []
    for path in paths:
        with open(path, "rb") as f:
            heads.append(checked(f.readline().rstrip(b"\n")))
    for number, path in enumerate(paths):
        with open(path, "rb") as f:
            data = f.read() if number + 1 == len(paths) else f.read(heads[number + 1]["prev_valid"])
        begin = data.find(b"\n") + 1
        while (end := data.find(b"\n", begin)) >= 0:
            try:
                record = checked(data[begin:end])
                place = (heads[number]["segment"], begin)
                if record.get("id") == "{}:{}".format(*place):
                    yield place, record
            except (Damaged, ValueError):
                pass  # torn by a kill
            begin = end + 1


def results(spool, torn=False):
    """What became of hooks: the lines of the results log, oldest first, each checked. `torn` as for journal()."""
    found = []
    for path in sorted(glob.glob(os.path.join(spool, "run", "results", "*.jsonl"))):
        with open(path, "rb") as f:
            lines = f.read().split(b"\n")[1:-1]
        for line in lines:
            try:
                found.append(checked(line))
            except (Damaged, ValueError):
                if not torn:
                    raise
    return found


def box(spool, kind):
    """Entries of "quarantine" or "refused" as (head, body bytes), without what is still being written."""
    folder = os.path.join(spool, kind)
    found = []
    for directory, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(directory, name)
            with open(path, "rb") as f:
                head, newline, body = f.read().partition(b"\n")
            if newline and head.startswith(b"{"):
                found.append((json.loads(head), body))
    return found


def box_text(spool):
    """Every byte of both boxes: to look for what must not be there."""
    parts = []
    for kind in ("quarantine", "refused"):
        for directory, _, names in os.walk(os.path.join(spool, kind)):
            for name in names:
                with open(os.path.join(directory, name), "rb") as f:
                    parts.append(f.read())
    return b"\n".join(parts)
