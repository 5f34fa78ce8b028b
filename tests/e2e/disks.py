# SPDX-License-Identifier: MIT
"""disks - a place whose spool is on a real file system, on a loop device, on a disk that fails when told to."""
import atexit
import os
import shutil
import subprocess
import sys

from cases import lacking
from place import Place, Process, Trouble, wait_until
from stopping import whole

HERE = os.path.dirname(os.path.abspath(__file__))
MB = 1 << 20
# name: size of the image (they are sparse), command, options of mount. The sizes are the least that mkfs takes.
FILE_SYSTEMS = {
    "ext4": (32 * MB, ["mkfs.ext4", "-q", "-F", "-m", "0"], "errors=remount-ro"),
    "xfs": (320 * MB, ["mkfs.xfs", "-q", "-f"], "defaults"),
    "btrfs": (128 * MB, ["mkfs.btrfs", "-q", "-f", "-M"], "defaults"),
}
BALLAST_STEP_MIN = 4096


def tool(command):
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})


def check_means(kind):
    """Says what this machine lacks for a file system of that kind on a disk of ours."""
    maker = FILE_SYSTEMS[kind][1][0]
    if shutil.which(maker) is None:
        lacking(maker)
    for device in ("/dev/fuse", "/dev/loop-control"):
        try:
            os.close(os.open(device, os.O_RDWR))
        except OSError as e:
            lacking(f"{device} to use ({e.strerror})")


class FaultyDisk:
    """The process of faultydisk.py, which shows `image` as `path`."""

    def __init__(self, folder, image, log):
        self.folder = folder
        self.path = os.path.join(folder, "disk")
        self.mounted = False
        with whole():
            self.process = Process([sys.executable, os.path.join(HERE, "faultydisk.py"), folder, image], log,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
            self.mounted = True
            atexit.register(self.stop)
        if self.process.child.stdout.readline() != b"ok\n":
            self.stop()
            lacking("FUSE that can be mounted here")

    def tell(self, command):
        self.process.child.stdin.write(command.encode() + b"\n")
        return self.process.child.stdout.readline().decode().strip()

    def failed(self):
        """How many writes and flushes have failed so far."""
        return [int(n) for n in self.tell("count").split()]

    def stop(self):
        with whole():
            atexit.unregister(self.stop)
            if self.mounted:
                tool(["umount", "-l", self.folder])
                self.mounted = False
            for pipe in (self.process.child.stdin, self.process.child.stdout):
                pipe.close()
            self.process.kill()


class DiskPlace(Place):
    """A place with its spool on a file system of that kind."""

    def __init__(self, kind, **how):
        self.kind = kind
        self.disk = None
        self.mounted = False
        super().__init__(**how)

    def make_spool(self):
        size, command, _ = FILE_SYSTEMS[self.kind]
        image = os.path.join(self.folder, "image")
        below = os.path.join(self.folder, "below")
        self.volume = os.path.join(self.folder, "volume")
        self.spool = os.path.join(self.volume, "spool")
        self.ballast = os.path.join(self.volume, "ballast")
        os.mkdir(below)
        os.mkdir(self.volume)
        with open(image, "wb") as f:
            f.truncate(size)
        made = tool([*command, image])
        if made.returncode != 0:
            raise Trouble(f"{' '.join(command)}: {made.stdout}{made.stderr}")
        with whole():
            atexit.register(self.remove)
            self.disk = FaultyDisk(below, image, os.path.join(self.run, "disk.log"))
            self.mount()
        os.chmod(self.volume, 0o755)
        super().make_spool()

    def mount(self):
        with whole():
            done = tool(["mount", "-t", self.kind, "-o", "loop," + FILE_SYSTEMS[self.kind][2], self.disk.path, self.volume])
            self.mounted = done.returncode == 0
        if "unknown filesystem type" in done.stderr:
            lacking(f"{self.kind} in its kernel")
        if "failed to setup loop device" in done.stderr:
            lacking(f"loop device to use ({done.stderr.strip()})")
        if not self.mounted:
            raise Trouble(f"mount of {self.kind}: {done.stderr}")

    def unmount(self):
        """Whole, so that nothing is left in a cache: nobody may have a file open there. Whoever took a copy of all mounts
        meanwhile (unshare) keeps it mounted until he ends."""
        self.kill_runners()
        wait_until(lambda: tool(["umount", self.volume]).returncode == 0, 10, f"{self.volume} is unmounted")
        self.mounted = False
        wait_until(lambda: not self.is_attached(), 60, f"no loop device stands for {self.disk.path}")

    def is_attached(self):
        """Whether a loop device stands for the disk: as long as anybody has it mounted."""
        done = tool(["losetup", "--associated", self.disk.path])
        if done.returncode != 0:
            raise Trouble(f"losetup: {done.stderr}")
        return done.stdout != ""

    def remount(self, how):
        """Asks for read-only or writable; whether that was granted."""
        return tool(["mount", "-o", "remount," + how, self.volume]).returncode == 0

    def fill(self):
        """Takes all space there is to get."""
        step = 64 * MB
        with open(self.ballast, "ab") as f:
            while step >= BALLAST_STEP_MIN:
                try:
                    os.posix_fallocate(f.fileno(), f.seek(0, os.SEEK_END), step)
                except OSError:
                    step //= 2

    def shrink_ballast(self, by):
        os.truncate(self.ballast, max(0, os.path.getsize(self.ballast) - by))

    def remove(self):
        with whole():
            if self.mounted:
                self.kill_runners()
                if tool(["umount", self.volume]).returncode != 0:
                    tool(["umount", "-l", self.volume])
                self.mounted = False
            if self.disk is not None:
                self.disk.stop()
                self.disk = None
        super().remove()
