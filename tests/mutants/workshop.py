# SPDX-License-Identifier: MIT
"""workshop - a copy of the sources and a build of it: faults are planted there, and tests run."""
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading

import sight

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FLAGS = "CFLAGS=-O1"
TEST_SECONDS = 600
BUILD_SECONDS = 1800
TAIL = 40  # lines of a log

# The first word of a test -> what has to be made for it, and its command; below tests, or in the build's folder.
NEEDS = {
    "unit": ["all", "tests/unit/unit"],
    "powercut": ["tests/faults/powercut"],
    "sweep": ["tests/faults/sweep"],
    "sequences": ["tests/sequences/sequences"],
    "storm": ["stenohook", "tests/tools/storm"],
    "inject": ["tests/tools/append", "tests/tools/history"],
    "e2e": ["all", "tests/history/hook", "tests/tools/history"],
}
COMMANDS = {
    "unit": "./tests/unit/unit",
    "powercut": "./tests/faults/powercut",
    "sequences": "./tests/sequences/sequences",
    "sweep": "./tests/faults/sweep",
    "storm": "storm",
    "inject": "inject",
    "e2e": "e2e/run",
}


class Rotten(Exception):
    """The mutant or a test is not what it should be, in words."""


class Stopped(Exception):
    """The run ends before its end."""


class Workshop:
    """In a folder of its own, that goes away. Several may be at work beside each other, each with its share of processors."""

    def __init__(self, jobs):
        self.folder = tempfile.mkdtemp(prefix="stenohook-mutants-")
        # The web servers of the end-to-end tests enter it as another user.
        os.chmod(self.folder, 0o755)
        self.source, self.build = os.path.join(self.folder, "source"), os.path.join(self.folder, "build")
        self.log, self.jobs = os.path.join(self.folder, "log"), str(jobs)
        self.lock, self.process, self.stopped = threading.Lock(), None, False

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self):
        with self.lock:
            self.stopped = True
            if self.process is not None:
                self.end(self.process)

    def start(self, command, cwd, log):
        env = {**os.environ, "STENOHOOK_BUILD": self.build, "TMPDIR": self.folder}
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
            env.pop(name, None)
        with self.lock:
            if self.stopped:
                raise Stopped
            self.process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)
            return self.process

    def run(self, command, cwd, seconds):
        """The exit status, or None if the time is up; the output is in self.log."""
        with open(self.log, "wb") as log:
            process = self.start(command, cwd, log)
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                self.end(process)
                self.end_strays()
        if self.stopped:
            raise Stopped
        return status

    def end_strays(self):
        """A hook has a session of its own, and no place in a slot where that is the fault."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/cmdline", "rb") as f:
                    if self.folder.encode() + b"/" in f.read():
                        os.kill(int(name), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                continue

    @staticmethod
    def end(process):
        """First kindly: the end-to-end tests stop their servers then."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is not None:
                break
            try:
                os.killpg(process.pid, sign)
                process.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def tail(self):
        return "\n".join(self.said().splitlines()[-TAIL:])

    def must(self, what, command, cwd, seconds=BUILD_SECONDS):
        if self.run(command, cwd, seconds) != 0:
            raise Rotten(f"{what}\n{self.tail()}")

    def copy(self):
        """All but what was built. The tests are compiled anew anyway, with flags that compile fast."""
        if not os.path.exists(os.path.join(ROOT, "configure")):
            raise Rotten("there is no configure: run ./bootstrap first")
        if os.path.exists(os.path.join(ROOT, "config.status")):
            raise Rotten("the sources were built in place: build in a folder of its own, as ./check does")
        shutil.copytree(ROOT, self.source, symlinks=True, ignore=self.built)
        os.mkdir(self.build)
        self.must("configure failed", [os.path.join(self.source, "configure"), "-q", FLAGS], self.build)

    @staticmethod
    def built(folder, names):
        return [n for n in names if n in (".git", "autom4te.cache", "__pycache__")
                or os.path.exists(os.path.join(folder, n, "config.status"))]

    def make(self, words):
        """What tests with these first words need, all at once."""
        needs = sorted({need for word in words for need in NEEDS[word]})
        self.must("it does not compile", ["make", "-s", f"-j{self.jobs}", *needs], self.build)

    def patch(self, path, *options):
        self.must("the patch does not apply any more",
                  ["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", "-s", *options, "-i", path], self.source)

    def failures(self, test):
        """The names of tests that fail and have seen something; see sight.py."""
        word, *rest = test.split()
        command = COMMANDS[word]
        if not command.startswith("./"):
            command = os.path.join(self.source, "tests", command)
        jobs = ["-j", self.jobs] if word in ("unit", "e2e") else []
        status = self.run([command, *jobs, *rest], self.build, TEST_SECONDS)
        try:
            return sight.failures(word, status, self.said())
        except sight.Unclear as e:
            raise Rotten(f"\"{test}\": {e}") from e


def share(shops, tasks, work):
    """Calls work(shop, task) for all, each workshop one after another; yields (task, result or exception) as they end."""
    left, results = iter(tasks), queue.SimpleQueue()
    lock, ended = threading.Lock(), 0

    def take(shop):
        while True:
            with lock:
                task = next(left, None)
            if task is None:
                break
            try:
                results.put((task, work(shop, task)))
            except BaseException as e:  # for the one who waits for it
                results.put((task, e))
                if not isinstance(e, Rotten):
                    break
        results.put(None)

    threads = [threading.Thread(target=take, args=(shop,)) for shop in shops]
    for thread in threads:
        thread.start()
    try:
        while ended < len(threads):
            result = results.get()
            if result is None:
                ended += 1
            elif isinstance(result[1], BaseException) and not isinstance(result[1], Rotten):
                raise result[1]
            else:
                yield result
    finally:
        if ended < len(threads):
            for shop in shops:
                shop.stop()
        for thread in threads:
            thread.join()
