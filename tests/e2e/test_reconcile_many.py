# SPDX-License-Identifier: MIT
"""reconcile with many transcripts, and large ones: little memory, several requests at a time, and progress."""
import datetime
import json
import os
import pty
import re
import select
import subprocess
import threading
import time

from reconciling import PARALLEL, URL, ReconcileCase
from sandbox import Sandbox

MEMORY_KB = 32 * 1024


def stored(sandbox, count, webhook_url):
    """Puts finished transcripts into the sandbox's store as it keeps them: submitting so many takes minutes."""
    ids = []
    ms = int(time.time() * 1000) - count - 60000
    for n in range(count):
        ms += 1
        i = f"{ms >> 16:08x}-{ms & 0xffff:04x}-7000-8000-{n:012x}"
        day = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).strftime("%Y-%m-%d")
        folder = os.path.join(sandbox.state, "transcripts", day)
        os.makedirs(folder, 0o700, exist_ok=True)
        with open(os.path.join(folder, i + ".json"), "w", encoding="ascii") as f:
            json.dump({"id": i, "ready_ms": ms, "fails": False, "deleted": False, "webhook_code": 0, "base": sandbox.url,
                       "asked": {"audio_url": "https://example.com/a.mp3", "webhook_url": f"{webhook_url}?n={n}"}}, f)
        ids.append(i)
    sandbox.give_state()
    return ids


class Many(ReconcileCase):
    COUNT = 3000
    # What it takes with few transcripts, and half as much again: two kB more for each of COUNT would be noticed.
    COUNT_KB = 17 * 1024

    def watched(self, command):
        """Runs it on a terminal of its own for stderr: exit code, stdout, what the terminal got, the peak of memory in
        kB."""
        master, slave = pty.openpty()
        out = os.path.join(self.place.folder, "out")
        with open(out, "wb") as f:
            process = subprocess.Popen(command, env=self.place.env(), cwd="/", stdout=f, stderr=slave)
        os.close(slave)
        said, peak = b"", 0
        try:
            while process.poll() is None:
                if select.select([master], [], [], 0.005)[0]:
                    said += os.read(master, 65536)
                with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
                    peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith("VmHWM")])
            while select.select([master], [], [], 0)[0]:
                said += os.read(master, 65536)
        except OSError:
            pass  # the terminal is closed
        finally:
            process.kill()
            process.wait()
            os.close(master)
        with open(out, encoding="ascii") as f:
            return process.returncode, f.read(), said.decode(), peak

    def test_three_thousand_take_little_memory_and_show_progress(self):
        sandbox = Sandbox(delay_ms=0)
        self.addCleanup(sandbox.stop)
        ids = stored(sandbox, self.COUNT, URL)
        command = [self.remote, *self.command(sandbox, key_file=sandbox.key_file)[1:]]
        code, out, said, peak = self.watched(command)
        self.assertEqual(0, code, said[-2000:])
        told = [line.split()[4] for line in out.splitlines()]
        self.assertEqual(sorted(ids), sorted(told))
        self.assertTrue(0 < peak < self.COUNT_KB, f"{peak} kB")
        shown = [int(n) for n in re.findall(r"\r\x1b\[K(\d+) listed, ", said)]
        self.assertGreater(len(shown), 2)
        self.assertEqual(sorted(shown), shown)
        self.assertIn(f"{self.COUNT} transcripts listed: {self.COUNT} recorded", said)
        self.assertEqual({1}, set(self.subjects().values()))
        code, out, said, peak = self.watched(command)
        self.assertEqual((0, ""), (code, out), said[-2000:])
        self.assertIn(f"0 recorded, {self.COUNT} on record before", said)
        self.assertTrue(0 < peak < self.COUNT_KB, f"{peak} kB")

    def test_large_transcripts_take_no_more_memory(self):
        api = self.api()
        words = [{"text": "word", "start": n, "end": n + 1, "confidence": 0.9, "speaker": None} for n in range(60000)]
        for _ in range(24):
            api.add(words=words)
        command = [self.remote, *self.command(api)[1:]]
        code, out, said, peak = self.watched(command)
        self.assertEqual(0, code, said[-2000:])
        self.assertEqual(24, len(out.splitlines()))
        self.assertTrue(0 < peak < MEMORY_KB, f"{peak} kB")

    def test_several_are_asked_for_at_a_time_and_no_more_than_that(self):
        barrier, lock, seen = threading.Barrier(PARALLEL, timeout=30), threading.Lock(), {"now": 0, "most": 0}

        def tamper(target):
            if "?" in target:
                return None
            with lock:
                seen["now"] += 1
                seen["most"] = max(seen["most"], seen["now"])
            barrier.wait()
            with lock:
                seen["now"] -= 1
            return None
        api = self.api(tamper=tamper)
        ids = {api.add() for _ in range(8 * PARALLEL)}
        self.assertEqual(ids, set(self.recorded(self.reconcile(api))))
        self.assertEqual(PARALLEL, seen["most"])

    def test_the_limit_of_the_api_is_waited_for(self):
        sandbox = Sandbox(delay_ms=0, rate=60, rate_seconds=2)
        self.addCleanup(sandbox.stop)
        ids = stored(sandbox, 150, URL)
        run = self.reconcile(sandbox, key_file=sandbox.key_file)
        self.assertLessEqual(set(ids), set(self.recorded(run)))
        self.assertIn("asks for a pause", run.err)
        self.once_each(ids)
