# SPDX-License-Identifier: MIT
"""records - reads a spool's files independently of the product: journal lines, checksums, box entries; and lets a
segment grow old."""
import base64
import datetime
import json
import os
import re


def _table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _table()


def crc32c(data):
    """CRC-32C (Castagnoli), as RFC 3720 appendix B.4 tests it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
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
