# SPDX-License-Identifier: MIT
"""meter - reads what processes use, and what the machine does besides."""
import mmap
import os
import struct
import time

from place import stat_of

TICK_NS = 1000000000 // os.sysconf("SC_CLK_TCK")
CPUCLOCK_SCHED = 2
BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal of /proc/stat


def clock_of(pid):
    """Nanoseconds of processor time of a process, of its threads that have ended as well."""
    try:
        return time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)
    except OSError:
        return 0


def cpu_ns(process):
    """Of all processes of a place.Process's session, and of their children that have ended and were waited for. Those are
    counted in ticks."""
    total = 0
    for pid in process.session():
        fields = stat_of(pid)
        if fields:
            total += clock_of(pid) + (int(fields[13]) + int(fields[14])) * TICK_NS
    return total


def pss_kb(process):
    """Of a session; None if we may not look, as only root may at a program that guards its memory."""
    total = 0
    for pid in process.session():
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += next((int(line.split()[1]) for line in f if line.startswith("Pss:")), 0)
        except PermissionError:
            return None
        except OSError:
            pass  # it has ended
    return total


def busy_ns():
    """Of all processors together."""
    with open("/proc/stat", encoding="ascii") as f:
        fields = f.readline().split()[1:]
    return sum(int(fields[n]) for n in BUSY) * TICK_NS


class Foreign:
    """What the machine did besides us: `used()` is the processor time of our own processes until now."""

    def __init__(self, used):
        self.used, self.own = used, time.process_time_ns
        self.begun = (time.monotonic_ns(), busy_ns(), used() + self.own())

    def cores(self):
        """On average since the beginning."""
        wall, busy, ours = (time.monotonic_ns(), busy_ns(), self.used() + self.own())
        took = wall - self.begun[0]
        return max(0.0, (busy - self.begun[1] - (ours - self.begun[2])) / max(took, 1))


class Syncs:
    """The page that syncs.c shares with us."""

    SIZE = 16

    def __init__(self, path, give):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(self.SIZE))
        os.chmod(path, 0o600)
        give(path)
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), self.SIZE)

    def count(self):
        return struct.unpack_from("=Q", self.page, 0)[0]

    def add(self, milliseconds):
        """To each sync, from now on."""
        struct.pack_into("=I", self.page, 8, int(1000 * milliseconds))

    def env(self, library):
        return {"LD_PRELOAD": library, "BENCH_SYNCS": self.path}
