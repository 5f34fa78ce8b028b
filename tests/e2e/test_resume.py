# SPDX-License-Identifier: MIT
"""A journal that was restored without what its hooks did: they pause, intake goes on, and resume says from where on."""
import glob
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from place import SECRET, Process, as_worker, wait_until
from records import checked, segments
from servers import Server
from verbs import VerbCase

PAUSED = "hooks are paused; run 'stenohook resume"


class ResumeCase(VerbCase):
    def keep_only(self, *names):
        """As somebody who restores a copy of these."""
        for name in os.listdir(self.place.spool):
            path = os.path.join(self.place.spool, name)
            if name in names:
                continue
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)

    def give_spool(self):
        for folder, _, files in os.walk(self.place.spool):
            for path in (folder, *(os.path.join(folder, f) for f in files)):
                self.place.give(path)

    def paused_once(self):
        """A runner that finds hooks paused, and says so."""
        done = subprocess.run([self.place.runner, "--config", self.place.config, "--once"], env=self.place.env(),
                              capture_output=True, text=True, cwd="/", timeout=60, check=False, **as_worker())
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn(PAUSED, done.stderr)

    def logged(self):
        return self.place.log_text().count(PAUSED)

    def restored(self):
        """Three events whose hooks have run, and of all that only format and log."""
        events = [self.deliver() for _ in range(3)]
        self.once()
        self.assertEqual(3, len(self.ran()))
        self.keep_only("format", "log")
        return events


class Pause(ResumeCase):
    def test_a_restored_journal_runs_nothing_twice_and_goes_on_recording(self):
        events = self.restored()
        new = self.deliver()
        self.paused_once()
        self.assertEqual(3, len(self.ran()))
        self.assertEqual([(e, "waiting", 0) for e in (*events, new)], self.hooks())
        told = self.cli("check", code=1)[0]
        self.assertRegex(told, rf"(?m)^error: .*: what hooks did \(run/results\) is missing: {re.escape(PAUSED)}")
        self.assertNotIn("crontab", told)
        self.assertIn(PAUSED, self.cli("drop", events[0], code=1)[1])
        self.cli("resume", "--from", "now")
        self.once()
        self.assertEqual(3, len(self.ran()))
        self.assertEqual([(e, "none", 0) for e in (*events, new)], self.hooks())
        later = self.deliver()
        self.once()
        self.assertEqual([(later, "1")], self.ran()[3:])
        self.assertNotIn(PAUSED, self.cli("check", code=1)[0])
        self.cli("replay", "--yes", events[0])
        self.once()
        self.assertEqual([(events[0], "1")], self.ran()[4:])

    def test_a_copy_of_the_whole_spool_goes_on_as_if_nothing_had_happened(self):
        done = self.deliver()
        self.once()
        waits = self.deliver()
        other = self.place.spool + "-copy"
        shutil.copytree(self.place.spool, other, ignore=shutil.ignore_patterns("wake"))
        shutil.rmtree(self.place.spool)
        os.rename(other, self.place.spool)
        self.give_spool()
        self.once()
        self.assertEqual([(done, "1"), (waits, "1")], self.ran())

    def test_a_deleted_snapshot_costs_nothing(self):
        events = [self.deliver() for _ in range(2)]
        self.once()
        events.append(self.deliver())
        os.unlink(os.path.join(self.place.spool, "run", "snapshot"))
        self.once()
        self.assertEqual(sorted((e, "1") for e in events), sorted(self.ran()))

    def test_what_another_spool_s_hooks_did_is_not_taken_for_our_own(self):
        self.deliver()
        self.once()
        theirs = os.path.join(self.place.folder, "their-run")
        shutil.copytree(os.path.join(self.place.spool, "run"), theirs, ignore=shutil.ignore_patterns("wake"))
        self.place.spool += "-2"
        shutil.rmtree(os.path.join(self.place.folder, "init"))
        self.place.make_spool()
        self.site()
        ours = self.deliver()
        shutil.rmtree(os.path.join(self.place.spool, "run"))
        shutil.copytree(theirs, os.path.join(self.place.spool, "run"))
        self.give_spool()
        self.paused_once()
        self.assertIn("of another journal", self.cli("check", code=1)[0])
        self.cli("resume", "--from", "start")
        self.once()
        self.assertEqual([(ours, "1")], self.ran()[1:])

    def test_the_state_is_on_disk_before_the_first_event_is_answered(self):
        with open(os.path.join(self.place.spool, "format"), encoding="ascii") as f:
            journal = re.search(r"^journal ([0-9a-f]{32})$", f.read(), re.MULTILINE).group(1)
        self.keep_only("format", "log")
        self.deliver()
        (path,) = glob.glob(os.path.join(self.place.spool, "run", "results", "*"))
        with open(path, "rb") as f:
            header = checked(f.readline().rstrip(b"\n"))
        self.assertEqual((journal, 1, "start", 0), (header["journal"], header["first"], header["from"], header["prev"]))
        self.once()
        self.assertEqual(1, len(self.ran()))


class Told(ResumeCase):
    def test_the_report_says_so_and_the_log_does_not_for_each_request(self):
        self.restored()
        self.site(runner=self.place.runner)
        server = Server("lighttpd-fastcgi", self.place)
        self.addCleanup(server.stop)
        before = self.logged()
        for _ in range(5):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            connection.request("GET", server.path("calls"), headers={"X-Webhook-Secret": SECRET})
            answer = connection.getresponse()
            told = json.loads(answer.read())
            self.assertEqual((200, "attention", 1), (answer.status, told["status"], len(told["problems"])))
            self.assertIn(PAUSED, told["problems"][0])
            connection.close()
            self.deliver()
        wait_until(lambda: self.logged() > before, 20, "the runner says that hooks are paused")
        wait_until(lambda: not self.place.runners(), 20, "runners leave")
        self.assertEqual(1, self.logged() - before)
        self.assertEqual(3, len(self.ran()))

    def test_a_runner_as_a_service_waits_and_goes_on_after_the_resume(self):
        self.restored()
        self.site(runner=self.place.runner)
        runner = Process([self.place.runner, "--config", self.place.config],
                         os.path.join(self.place.run, "runner.log"), env=self.place.env(), **as_worker())
        self.addCleanup(runner.kill)
        wait_until(lambda: self.logged() > 0, 20, "the runner says that hooks are paused")
        self.assertFalse(runner.ended())
        self.cli("resume", "--from", "start", "--yes")
        wait_until(lambda: len(self.ran()) == 6, 30, "hooks go on")
        runner.stop()

    def test_a_runner_as_a_service_that_waits_can_be_stopped(self):
        self.restored()
        runner = Process([self.place.runner, "--config", self.place.config],
                         os.path.join(self.place.run, "runner.log"), env=self.place.env(), **as_worker())
        self.addCleanup(runner.kill)
        wait_until(lambda: self.logged() > 0, 20, "the runner says that hooks are paused")
        os.kill(runner.pid, signal.SIGTERM)
        wait_until(runner.ended, 20, "the runner ends")


class Verb(ResumeCase):
    def test_several_are_not_run_without_yes(self):
        events = self.restored()
        self.assertIn("3 events", self.cli("resume", "--from", "start", "--dry-run")[1])
        self.assertIn("add --yes", self.cli("resume", "--from", "start", code=2)[1])
        self.paused_once()
        self.cli("resume", "--from", "start", "--yes")
        self.once()
        self.assertEqual(sorted([(e, "1") for e in events] * 2), sorted(self.ran()))

    def test_a_time_runs_what_was_received_since(self):
        self.deliver()
        self.once()
        time.sleep(0.01)
        then = time.time_ns() // 1_000_000
        time.sleep(0.01)
        since = [self.deliver(), self.deliver()]
        self.keep_only("format", "log")
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(then // 1000)) + f".{then % 1000:03}Z"
        self.cli("resume", "--from", stamp, "--yes")
        self.once()
        self.assertEqual({(e, "1") for e in since}, set(self.ran()[1:]))
        self.assertEqual(3, len(self.ran()))

    def test_where_nothing_is_paused_nothing_is_done(self):
        event = self.deliver()
        self.assertIn("not paused", self.cli("resume", "--from", "now")[1])
        self.once()
        self.assertEqual([(event, "1")], self.ran())

    def test_it_must_be_told_from_where(self):
        self.assertIn("--from", self.cli("resume", code=2)[1])
        self.cli("resume", "--from", "yesterday", code=2)
        self.cli("resume", "--from", "now", "more", code=2)

    def test_a_journal_that_is_older_than_what_hooks_did_pauses_them(self):
        first = self.deliver()
        self.once()
        (segment,) = segments(self.place.spool)
        with open(segment, "rb") as f:
            older = f.read()
        self.deliver()
        self.once()
        for name in ("state", "commit"):
            os.unlink(os.path.join(self.place.spool, name))
        with open(segment, "wb") as f:
            f.write(older)
        new = self.deliver()
        self.paused_once()
        self.assertIn("not in the journal", self.cli("check", code=1)[0])
        self.cli("resume", "--from", "start")
        self.once()
        self.assertEqual((first, new), (self.ran()[0][0], self.ran()[-1][0]))
        self.assertEqual(3, len(self.ran()), "what is known to be done does not run again")


if __name__ == "__main__":
    unittest.main()
