# SPDX-License-Identifier: MIT
"""Whatever is killed, and whenever runners come and go: the event's hook is run."""
import fcntl
import json
import os
import time

from fastcgi import Gateway, run_cgi
from place import wait_until
from test_hooks import NO_RUNNER, HookCase, fresh, waits


class Survival(HookCase):
    """Whatever is killed, the event's hook is run."""

    def blocked(self, **globals_):
        """A site whose hook waits for its FIFO and notes when it begins and ends."""
        fifo = self.fifo()
        log = fifo.replace("fifo-", "log-")
        self.site(self.script(f"echo begin $$ >> {log}; {waits(fifo)}; echo end $$ >> {log}"), **globals_)
        return fifo, os.path.basename(log)

    def test_a_hook_whose_runner_was_killed_is_not_run_twice_at_the_same_time(self):
        fifo, log = self.blocked()
        event = self.deliver()
        first = self.start("--once")
        self.eventually(lambda: "begin" in self.said(log), 20)
        first.child.kill()
        first.child.wait()
        second = self.start("--once")
        self.eventually(lambda: self.place.runners(), 20)
        # Long enough for a run beside the first, were there one.
        time.sleep(0.5)
        self.assertEqual(1, self.said(log).count("begin"))
        self.let_end(fifo, log, 1)
        self.let_end(fifo, log, 2)
        wait_until(second.ended, 20, "the second runner is done")
        words = self.said(log).split()
        self.assertEqual(["begin", "end", "begin", "end"], words[0::2])
        self.assertEqual([words[1], words[1], words[5], words[5]], words[1::2])
        self.assertEqual([(1, "again", "lost", 0), (1, "done", "exit", 0)], self.ends(event))

    def test_an_event_of_which_nobody_was_told_is_found_before_a_runner_leaves(self):
        fifo, log = self.blocked()
        self.deliver()
        runner = self.start("--once")
        self.eventually(lambda: "begin" in self.said(log), 20)
        # As for whoever comes when the runner has stopped listening.
        os.unlink(os.path.join(self.place.spool, "run", "wake"))
        event = self.deliver()
        self.release_until(fifo, runner.ended, "the runner is done")
        self.assertEqual([(1, "done", "exit", 0)], self.ends(event))

    def test_a_runner_that_meets_one_which_no_longer_listens_waits_for_its_lock(self):
        self.site("/bin/true")
        self.deliver()
        self.once()
        event = self.deliver()
        with open(os.path.join(self.place.spool, "run", "lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            runner = self.start("--once")
            time.sleep(0.5)
            self.assertFalse(runner.ended())
        wait_until(runner.ended, 20, "the runner is done")
        self.assertEqual([(1, "done", "exit", 0)], self.ends(event))

    def test_after_a_kill_of_everything_once_alone_resumes(self):
        fifo, log = self.blocked()
        event = self.deliver()
        self.start("--once")
        self.eventually(lambda: "begin" in self.said(log), 20)
        self.place.kill_runners()
        again = self.start("--once")
        self.release_until(fifo, again.ended, "the second runner is done")
        self.assertEqual([(1, "again", "lost", 0), (1, "done", "exit", 0)], self.ends(event))

    def test_after_a_kill_of_everything_a_monitor_that_asks_resumes(self):
        fifo, log = self.blocked(runner=None)
        event = self.deliver()
        self.eventually(lambda: "begin" in self.said(log), 20)
        self.place.kill_runners()
        answer = run_cgi(self.place, b"", REQUEST_METHOD="GET", CONTENT_LENGTH=None)
        self.assertEqual(200, answer.status)
        self.release_until(fifo, lambda: self.ends(event) == [(1, "again", "lost", 0), (1, "done", "exit", 0)],
                           "the hook is run again")

    def test_a_stranger_starts_no_runner(self):
        self.blocked(runner=None)
        run_cgi(self.place, b"", REQUEST_METHOD="GET", CONTENT_LENGTH=None, secret="wrong")
        run_cgi(self.place, fresh(), secret="wrong")
        self.assertEqual([], self.place.runners())

    def test_an_endpoint_without_a_hook_starts_no_runner(self):
        self.place.configure({"calls": {}})
        self.deliver()
        self.assertEqual([], self.place.runners())

    def test_a_runner_that_is_told_to_stop_lets_its_hooks_end(self):
        fifo, log = self.blocked()
        event, waits = self.deliver(), None
        runner = self.start()
        self.eventually(lambda: "begin" in self.said(log), 20)
        runner.child.terminate()
        waits = self.deliver()
        self.release(fifo)
        wait_until(runner.ended, 20, "the runner ends")
        self.assertEqual(0, runner.child.returncode)
        self.assertEqual([(1, "done", "exit", 0)], self.ends(event))
        self.assertEqual([], self.ends(waits))

    def test_a_runner_in_the_foreground_is_woken_by_deliveries(self):
        self.site("/bin/true")
        runner = self.start()
        for _ in range(3):
            event = self.deliver()
            self.eventually(lambda e=event: self.ends(e) == [(1, "done", "exit", 0)], 20)
        self.assertEqual(0, runner.stop())

    def test_once_is_silent_where_another_runner_is_at_it(self):
        fifo, log = self.blocked()
        self.deliver()
        first = self.start("--once")
        self.eventually(lambda: "begin" in self.said(log), 20)
        self.assertEqual("", self.once())
        self.release(fifo)
        wait_until(first.ended, 20, "the first runner is done")

    def test_a_new_configuration_is_taken_and_a_broken_one_is_not(self):
        self.site(["/bin/sh", "-c", "echo old"])
        runner = self.start()
        events = [self.deliver()]
        self.eventually(lambda: self.ends(events[0]), 20)
        self.site(["/bin/sh", "-c", "echo new"])
        events.append(self.deliver())
        self.eventually(lambda: self.ends(events[1]), 20)
        gateway = Gateway(self.place)
        try:
            self.assertEqual(401, gateway.post(b"", REQUEST_METHOD="GET", secret="wrong").status)
            self.place.write_config("frob\n")
            events.append(json.loads(gateway.post(fresh()).body)["id"])
        finally:
            gateway.stop()
        self.eventually(lambda: self.ends(events[2]), 20)
        self.assertEqual(["old\n", "new\n", "new\n"], [self.results(e)[0]["stdout"] for e in events])
        self.assertEqual(0, runner.stop())

    def test_without_a_runner_program_the_event_stays_on_record_and_the_log_says_why(self):
        self.site("/bin/true")
        event = self.deliver()
        self.assertIn(f"hooks wait, because no runner could be started: {NO_RUNNER} cannot be found", self.place.log_text())
        self.once()
        self.assertEqual([(1, "done", "exit", 0)], self.ends(event))
