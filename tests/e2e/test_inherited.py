# SPDX-License-Identifier: MIT
"""What a runner inherits from one that was killed: the time of its hooks, their groups, places, attempts and limits."""
import os
import resource
import signal

from place import kill_running, living_groups, wait_until
from test_hooks import waits
from test_idle import IdleCase, used

TIMEOUT_S = 60
NS_PER_S = 10**9
SOON_S = 3


class InheritedCase(IdleCase):
    def setUp(self):
        super().setUp()
        self.fresh_place()

    def begun(self, hook, **how):
        """A runner whose hook has begun."""
        self.site(self.script(hook), **how)
        event = self.deliver()
        runner = self.start()
        self.waits_for("begin")
        return runner, event

    def kill(self, runner):
        """Alone: its hooks live on."""
        self.assertTrue(kill_running(runner.pid, self.place.runner))
        runner.child.wait()

    def slot(self):
        with open(os.path.join(self.place.spool, "run", "slot.0"), encoding="ascii") as f:
            return f.read()

    def age(self, seconds):
        """Has the hook begun earlier than it did. No runner is there to see it."""
        line = self.slot()
        fields = line.split()
        fields[4] = str(int(fields[4]) - seconds * NS_PER_S)
        with open(os.path.join(self.place.spool, "run", "slot.0"), "r+", encoding="ascii") as f:
            f.write(" ".join(fields).ljust(len(line) - 1) + "\n")

    def turns(self, pid, count=3):
        """Waits until the runner has waited so often: an orphan is looked at five times a second."""
        before = used(pid)[1]
        self.eventually(lambda: used(pid)[1] >= before + count, 20, "the runner looks at its hooks")


class Time(InheritedCase):
    TOLD = "trap 'echo told >>{log}; exit 1' TERM; echo begin >>{log}; while :; do {wait}; done"

    def test_the_time_of_a_hook_counts_from_its_own_start_however_many_runners_die(self):
        runner, event = self.begun(self.TOLD.format(log=f"{self.out}/log", wait=waits(self.fifo())),
                                   endpoint={"hook-timeout": f"{TIMEOUT_S}s"})
        line = self.slot()
        for _ in range(2):
            self.kill(runner)
            self.assertEqual(line, self.slot())
            runner = self.start()
            self.turns(runner.pid)
        self.kill(runner)
        self.assertEqual("begin\n", self.said("log"))
        self.age(TIMEOUT_S)
        self.start()
        self.waits_for("told")
        self.eventually(lambda: self.ends(event), 20, "the hook's end is noted")
        self.assertEqual([(1, "again", "timeout", 0)], self.ends(event))
        self.assertGreaterEqual(self.results(event)[0]["ms"], TIMEOUT_S * 1000)

    def test_a_hook_is_stopped_with_all_that_it_started_by_whoever_is_there_then(self):
        runner, event = self.begun(f"sleep 1000 & echo begin >>{self.out}/log; wait",
                                   endpoint={"hook-timeout": f"{TIMEOUT_S}s"})
        self.kill(runner)
        group, = self.place.hook_groups()
        self.assertIn(group, living_groups())
        self.age(TIMEOUT_S)
        self.start()
        self.eventually(lambda: self.ends(event), 20, "the hook's end is noted")
        self.assertEqual([(1, "again", "timeout", 0)], self.ends(event))
        # It may be about to die.
        self.eventually(lambda: group not in living_groups(), 20, "all of its group are gone")

    def test_a_retry_is_not_run_before_its_time_because_a_runner_has_died(self):
        runner, event = self.done_with_one("/bin/false")
        self.kill(runner)
        self.put_off(event, SOON_S)
        self.kill(self.start())
        runner = self.start()
        self.eventually(lambda: len(self.ends(event)) == 2, 20, "it is run again")
        first, second = self.results(event)
        self.assertGreaterEqual(second["started_at"], first["next_at"])


class Counts(InheritedCase):
    def test_a_hook_that_lives_on_keeps_its_place_among_those_that_may_run(self):
        fifo = self.fifo()
        runner, _ = self.begun(f"echo begin >>{self.out}/log; {waits(fifo)}; echo end >>{self.out}/log", hooks_max=2)
        self.kill(runner)
        for _ in range(2):
            self.deliver()
        runner = self.start()
        self.eventually(lambda: self.said("log").count("begin") == 2, 20, "the second place is taken")
        self.turns(runner.pid)
        self.assertEqual(["begin"] * 2, self.said("log").split())
        for ended in range(1, 5):
            # One more than events: how the first hook ended was not seen.
            self.let_end(fifo, "log", ended)
        running, most = 0, 0
        for word in self.said("log").split():
            running += 1 if word == "begin" else -1
            most = max(most, running)
        self.assertEqual((0, 2), (running, most))

    def test_an_attempt_whose_end_nobody_saw_is_made_again_and_not_counted(self):
        runner, event = self.done_with_one("/bin/false")
        self.assertEqual(0, runner.stop())
        self.put_off(event, 0)
        fifo = self.fifo()
        self.site(self.script(f"echo begin $STENOHOOK_ATTEMPT >>{self.out}/log; {waits(fifo)}"))
        self.start()
        self.waits_for("begin 7")
        self.place.kill_runners()
        self.start()
        self.eventually(lambda: self.said("log") == "begin 7\n" * 2, 20, "it is begun again")
        self.release(fifo)
        self.eventually(lambda: len(self.ends(event)) == 3, 20, "the hook's end is noted")
        self.assertEqual([(6, "again", "exit", 1), (7, "again", "lost", 0), (7, "done", "exit", 0)], self.ends(event))


class Stop(InheritedCase):
    def test_a_runner_that_is_told_twice_to_stop_leaves_its_hook_to_the_next_one_at_once(self):
        fifo = self.fifo()
        runner, event = self.begun(f"echo begin >>{self.out}/log; {waits(fifo)}; echo end >>{self.out}/log")

        def told():
            runner.child.send_signal(signal.SIGTERM)
            return runner.ended()
        # Told once it waits ten seconds for its hook; each further word must not begin that anew.
        wait_until(told, 20, "the runner ends", step=0.1)
        self.assertEqual((0, "begin\n", []), (runner.child.returncode, self.said("log"), self.ends(event)))
        runner = self.start()
        self.turns(runner.pid)
        self.assertEqual("begin\n", self.said("log"))
        self.let_end(fifo, "log", 1)
        self.let_end(fifo, "log", 2)
        self.eventually(lambda: self.ends(event) == [(1, "again", "lost", 0), (1, "done", "exit", 0)], 20, "it is run again")


class Limits(InheritedCase):
    def few_files(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 1024))

    def test_hooks_may_open_as_many_files_as_who_started_their_runner(self):
        self.site(self.script("ulimit -Sn; ulimit -Hn"))
        for way in ("--once", "--detach"):
            with self.subTest(way):
                event = self.deliver()
                self.start(way, preexec_fn=self.few_files)
                self.eventually(lambda e=event: self.ends(e), 20, "the hook's end is noted")
                self.assertEqual("100\n1024\n", self.results(event)[0]["stdout"])

    def test_a_runner_that_was_started_with_signals_ignored_or_blocked_sees_ends_and_gives_hooks_none_of_it(self):
        def deaf():
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGCHLD})

        words = 'while read -r name value; do case $name in SigBlk: | SigIgn:) echo $name $value;; esac; done </proc/$$/status'
        self.site(self.script(words + "; exit 7"))
        event = self.deliver()
        runner = self.start(preexec_fn=deaf)
        self.eventually(lambda: self.ends(event), 20, "the hook's end is noted")
        self.assertEqual([(1, "again", "exit", 7)], self.ends(event))
        self.assertEqual("SigBlk: 0000000000000000\nSigIgn: 0000000000000000\n", self.results(event)[0]["stdout"])
        self.assertEqual(0, runner.stop())
