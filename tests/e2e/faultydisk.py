#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultydisk FOLDER IMAGE - a disk that fails when told to: shows IMAGE as the file FOLDER/disk, to put a loop device on.

Speaks the kernel's FUSE protocol over /dev/fuse itself, so it needs no library; root only. Commands come as lines on
standard input, each answered by "ok":

    write N    the next N writes fail with EIO, and their bytes are gone
    flush N    the next N flushes fail with EIO, and all that was written since the last good one is gone
    cut        the power goes: what was written since the last good flush is gone, and so is all that comes
    back       the power is back
    count      answered by "W F": how many writes and flushes have failed so far

Ends with its standard input, or where FOLDER is unmounted. A real file system above it sees what a real disk does: a
write that fails once, while the page is marked clean all the same and a later fsync succeeds; a cache that only a flush
empties.
"""
import ctypes
import errno
import os
import select
import struct
import sys

ROOT, DISK = 1, 2
LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC = 1, 2, 3, 4, 14, 15, 16, 17, 18, 20
FLUSH, INIT, OPENDIR, RELEASEDIR, BATCH_FORGET = 25, 26, 27, 29, 42
NO_ANSWER = (FORGET, BATCH_FORGET)
MAX_WRITE = 1 << 17
BLOCK = 4096
HEAD = struct.Struct("<IIQQIIII")  # of a request: length, opcode, unique, node, user, group, process, padding
FOREVER = 3600
DIRECT_IO = 1  # no page cache of ours in between


def mount(folder, descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={descriptor},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"stenohook-faultydisk", os.fsencode(folder), b"fuse", 0, options) != 0:
        sys.exit(f"faultydisk: mount: {os.strerror(ctypes.get_errno())}")


class Disk:
    def __init__(self, image):
        self.image = os.open(image, os.O_RDWR)
        self.size = os.fstat(self.image).st_size
        self.writes_to_fail = self.flushes_to_fail = 0
        self.failed_writes = self.failed_flushes = 0
        self.without_power = False
        self.cache = {}  # block: bytes, until a flush

    def block(self, number):
        return self.cache.get(number) or bytearray(os.pread(self.image, BLOCK, number * BLOCK))

    def blocks(self, offset, size):
        """The blocks that a stretch touches: number, and the stretch's begin and end in it."""
        while size > 0:
            begin = offset % BLOCK
            end = min(BLOCK, begin + size)
            yield offset // BLOCK, begin, end
            offset, size = offset + end - begin, size - (end - begin)

    def attributes(self, node):
        mode, size, links = (0o040700, 0, 2) if node == ROOT else (0o100600, self.size, 1)
        return struct.pack("<QQQQQQIIIIIIIIII", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, links, 0, 0, 0, 4096, 0)

    def init(self, _, body):
        major, minor, readahead, _ = struct.unpack_from("<IIII", body)
        return struct.pack("<IIIIHHIIHHI28x", major, min(minor, 31), readahead, 0, 12, 10, MAX_WRITE, 1, 0, 0, 0)

    def lookup(self, _, body):
        if body.rstrip(b"\0") != b"disk":
            raise OSError(errno.ENOENT, "")
        return struct.pack("<QQQQII", DISK, 0, FOREVER, FOREVER, 0, 0) + self.attributes(DISK)

    def getattr(self, node, _):
        return struct.pack("<QII", FOREVER, 0, 0) + self.attributes(node)

    def open(self, node, _):
        return struct.pack("<QII", 0, DIRECT_IO if node == DISK else 0, 0)

    def read(self, _, body):
        _, offset, size = struct.unpack_from("<QQI", body)
        size = max(0, min(size, self.size - offset))
        return b"".join(self.block(number)[begin:end] for number, begin, end in self.blocks(offset, size))

    def write(self, _, body):
        _, offset, size = struct.unpack_from("<QQI", body)
        if self.writes_to_fail > 0:
            self.writes_to_fail -= 1
            self.failed_writes += 1
            raise OSError(errno.EIO, "")
        if self.without_power:
            return struct.pack("<II", size, 0)
        data = memoryview(body)[40:40 + size]
        for number, begin, end in self.blocks(offset, size):
            block = self.block(number)
            block[begin:end], data = data[:end - begin], data[end - begin:]
            self.cache[number] = block
        return struct.pack("<II", size, 0)

    def fsync(self, *_):
        if self.flushes_to_fail > 0:
            self.flushes_to_fail -= 1
            self.failed_flushes += 1
            self.cache.clear()
            raise OSError(errno.EIO, "")
        for number, block in self.cache.items():
            os.pwrite(self.image, block, number * BLOCK)
        self.cache.clear()
        return b""

    def statfs(self, *_):
        return struct.pack("<QQQQQIII28x", 0, 0, 0, 0, 0, 4096, 255, 4096)

    def nothing(self, *_):
        return b""

    HANDLERS = {INIT: init, LOOKUP: lookup, GETATTR: getattr, SETATTR: getattr, OPEN: open, OPENDIR: open, READ: read,
                WRITE: write, FSYNC: fsync, STATFS: statfs, FLUSH: nothing, RELEASE: nothing, RELEASEDIR: nothing}

    def answer(self, request):
        """The answer to one request of the kernel, or None."""
        _, opcode, unique, node, *_ = HEAD.unpack_from(request)
        if opcode in NO_ANSWER:
            return None
        failure, out = 0, b""
        try:
            if opcode not in self.HANDLERS:
                raise OSError(errno.ENOSYS, "")
            out = self.HANDLERS[opcode](self, node, request[HEAD.size:])
        except OSError as e:
            failure = -e.errno
        return struct.pack("<IiQ", 16 + len(out), failure, unique) + out

    def command(self, words):
        if words == ["count"]:
            return f"{self.failed_writes} {self.failed_flushes}"
        if words[0] == "write":
            self.writes_to_fail = int(words[1])
        elif words[0] == "flush":
            self.flushes_to_fail = int(words[1])
        elif words[0] in ("cut", "back"):
            self.without_power = words[0] == "cut"
            self.cache.clear()
        else:
            return "what?"
        return "ok"


def serve(kernel, disk):
    while True:
        ready, _, _ = select.select([kernel, sys.stdin], [], [])
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if line == "":
                return
            print(disk.command(line.split()), flush=True)
            continue
        try:
            request = os.read(kernel, MAX_WRITE + 4096)
        except OSError as e:
            if e.errno == errno.ENODEV:
                return  # unmounted
            if e.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                continue
            raise
        answer = disk.answer(request)
        if answer is not None:
            try:
                os.write(kernel, answer)
            except OSError as e:
                if e.errno != errno.ENOENT:  # whoever asked was interrupted
                    raise


def main():
    folder, image = sys.argv[1:]
    disk = Disk(image)
    kernel = os.open("/dev/fuse", os.O_RDWR)
    mount(folder, kernel)
    print("ok", flush=True)
    serve(kernel, disk)


if __name__ == "__main__":
    main()
