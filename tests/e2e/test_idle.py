# SPDX-License-Identifier: MIT
"""A runner at rest: whatever it waits for, it takes no processor time to speak of, and what has ended leaves nothing open."""
import glob
import json
import os
import signal
import time

import records
from fastcgi import Gateway
from place import Place, stat_of
from test_hooks import HookCase, fresh, waits
from test_resume import PAUSED, ResumeCase

WATCHED_S = 1.5
# Both in a second. At rest it takes some thousandths, and looks at the journal every two seconds, at an orphan five times
# a second. One that does not wait takes all that it gets, and where it gets little it has often to make room for others.
BUSY_S = 0.04
SWITCHES = 30
# A runner at rest has 15 and half a megabyte.
FDS_AT_REST, FDS_OF_HOOK = 16, 3
MEMORY_KB = 2048
LINGERS_S = 15
TICKS = os.sysconf("SC_CLK_TCK")
HOUR_S = 3600
# So that what keeps a body, or an environment, shows.
LARGER, QUERY = b', "text": "' + b"x" * 4000 + b'"}', "text=" + "x" * 2000


class IdleCase(HookCase):
    """A place for each runner: many wait at the same time."""

    @classmethod
    def setUpClass(cls):
        """No place of the class."""

    def setUp(self):
        self.places = []

    def logs(self):  # pylint: disable=arguments-differ
        return "\n".join(place.log_text() for place in self.places)

    def fresh_place(self):
        # The helpers of HookCase use the place that came last.
        self.place = Place(build=self.build())
        self.addCleanup(self.place.remove)
        self.places.append(self.place)
        self.out = self.place.worker_folder("out")

    def assert_idle(self, before, after, watched):
        seconds, switches = (b - a for a, b in zip(before, after))
        self.assertLess(seconds, BUSY_S * watched)
        self.assertLess(switches, SWITCHES * watched)

    def waits_for(self, word):
        """Until the hook, or the log, has said that."""
        self.eventually(lambda: word in self.said("log") + self.place.log_text(), 20, word)

    def sleeping_hook(self, before="", **how):
        self.site(self.script(f"{before} echo begin >>{self.out}/log; exec sleep 1000"), **how)
        runner = self.start()
        event = self.deliver()
        self.waits_for("begin")
        return runner.pid, event

    def done_with_one(self, hook="/bin/true", **how):
        """A runner whose only event is done; and that event."""
        self.site(hook, **how)
        runner = self.start()
        event = self.deliver()
        self.eventually(lambda: self.ends(event), 20, "the hook's end is noted")
        return runner, event

    def put_off(self, event, seconds):
        """Turns its first attempt into the sixth, after which an event may be due as late as that."""
        path, = glob.glob(os.path.join(self.place.spool, "run", "results", "*.jsonl"))
        with open(path, "rb") as f:
            lines = f.read().splitlines(True)
        when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds)).encode()
        head = lines[-1].rpartition(b',"crc":"')[0].replace(b'"try":1,', b'"try":6,')
        at = head.index(b'"next_at":"') + len(b'"next_at":"')
        head = head[:at] + when + head[head.index(b'"', at):]
        lines[-1] = head + f',"crc":"{records.crc32c(head):08x}"}}\n'.encode()
        with open(path, "wb") as f:
            f.writelines(lines)
        os.unlink(os.path.join(self.place.spool, "run", "snapshot"))
        self.assertEqual([(6, "again", "exit", 1)], self.ends(event))


def used(pid):
    """Processor seconds, and how often it went to sleep or made room."""
    fields = stat_of(pid)
    if not fields:
        raise AssertionError(f"process {pid} has left")
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        switches = sum(int(line.split()[1]) for line in f if "voluntary_ctxt_switches" in line)
    return (int(fields[11]) + int(fields[12])) / TICKS, switches


def living_children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return f.read().split()


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def own_memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))


class States(IdleCase):
    """Each state returns the runner that is in it, and the descriptors it may have open beyond those of one at rest."""

    def nothing_to_do(self):
        runner, _ = self.done_with_one()
        return runner.pid, 0

    def lingers_after_a_request(self):
        self.site("/bin/true", runner=self.place.runner)
        event = self.deliver()
        self.eventually(lambda: self.ends(event), 20, "the hook's end is noted")
        return self.place.runners()[0], 0

    def a_hook_sleeps(self):
        return self.sleeping_hook()[0], FDS_OF_HOOK

    def a_hook_has_closed_its_output(self):
        return self.sleeping_hook("exec >&- 2>&-;")[0], 1

    def more_is_due_than_may_run(self):
        pid, _ = self.sleeping_hook(hooks_max=1)
        for _ in range(3):
            self.deliver()
        return pid, FDS_OF_HOOK

    def an_order_waits_until_a_hook_has_ended(self):
        self.site(self.script(f"mkdir {self.out}/first && exit 0; echo begin >>{self.out}/log; exec sleep 1000"), hooks_max=1)
        runner = self.start()
        first = self.deliver()
        self.eventually(lambda: self.ends(first), 20, "the hook's end is noted")
        self.deliver()
        self.waits_for("begin")
        self.place.stenohook("replay", first)
        return runner.pid, FDS_OF_HOOK

    def a_hook_has_left_a_daemon(self):
        runner, _ = self.done_with_one(self.script(f"setsid sleep 1000 & echo $! >{self.out}/daemon"))
        self.addCleanup(os.kill, int(self.said("daemon")), signal.SIGKILL)
        return runner.pid, 0

    def an_event_is_due_in_an_hour(self):
        runner, event = self.done_with_one("/bin/false")
        self.assertEqual(0, runner.stop())
        self.put_off(event, HOUR_S)
        runner = self.start()
        return runner.pid, 0

    def an_endpoint_is_suspended(self):
        self.site("/nonexistent/hook")
        runner = self.start()
        self.deliver()
        self.waits_for("is suspended")
        return runner.pid, 0

    def hooks_are_paused(self):
        runner, _ = self.done_with_one()
        self.assertEqual(0, runner.stop())
        ResumeCase.keep_only(self, "format", "log")
        runner = self.start()
        self.waits_for(PAUSED)
        return runner.pid, 0

    def a_hook_of_an_earlier_runner_lives(self):
        pid, _ = self.sleeping_hook()
        os.kill(pid, signal.SIGKILL)
        self.eventually(lambda: pid not in self.place.runners(), 20, "the runner is gone")
        return self.start().pid, 1

    def a_hook_does_not_end_at_its_timeout(self):
        fifo = self.fifo()
        self.site(self.script(f"trap 'echo told >>{self.out}/log' TERM; while :; do {waits(fifo)}; done"),
                  endpoint={"hook-timeout": "1s"})
        runner = self.start()
        self.deliver()
        self.waits_for("told")
        return runner.pid, FDS_OF_HOOK

    def no_hook_can_be_begun(self):
        self.site("/bin/true")
        runner = self.start()
        self.block_slot()
        self.deliver()
        self.waits_for("slot.0")
        return runner.pid, 0

    def block_slot(self):
        """What lies in the place of the first slot's file keeps all hooks from beginning."""
        run = os.path.join(self.place.spool, "run")
        self.eventually(lambda: os.path.exists(os.path.join(run, "wake")), 20, "the runner listens")
        os.mkdir(os.path.join(run, "slot.0"))
        self.addCleanup(os.rmdir, os.path.join(run, "slot.0"))

    def it_was_told_to_stop(self):
        pid, _ = self.sleeping_hook()
        os.kill(pid, signal.SIGTERM)
        return pid, FDS_OF_HOOK

    # The last three of them last fifteen and ten seconds.
    ALL = (nothing_to_do, a_hook_sleeps, a_hook_has_closed_its_output, more_is_due_than_may_run,
           an_order_waits_until_a_hook_has_ended, a_hook_has_left_a_daemon, an_event_is_due_in_an_hour,
           an_endpoint_is_suspended, hooks_are_paused, a_hook_of_an_earlier_runner_lives, no_hook_can_be_begun,
           lingers_after_a_request, a_hook_does_not_end_at_its_timeout, it_was_told_to_stop)

    def test_whatever_it_waits_for_it_takes_next_to_no_processor_time(self):
        waiting = {}
        for state in self.ALL:
            self.fresh_place()
            waiting[state.__name__] = state(self)
        begun = time.monotonic()
        before = {name: used(pid) for name, (pid, _) in waiting.items()}
        time.sleep(WATCHED_S)
        after = {name: used(pid) for name, (pid, _) in waiting.items()}
        watched = time.monotonic() - begun
        for name, (pid, fds) in waiting.items():
            with self.subTest(name):
                self.assert_idle(before[name], after[name], watched)
                self.assertLessEqual(descriptors(pid), FDS_AT_REST + fds)
                self.assertLess(own_memory_kb(pid), MEMORY_KB)


class Unsaved(IdleCase):
    """As on a full disk: what hooks did can still be noted, in a file that is open, but no snapshot can be made."""

    def no_snapshots(self):
        run = os.path.join(self.place.spool, "run")
        self.eventually(lambda: os.path.exists(os.path.join(run, "wake")), 20, "the runner listens")
        os.chmod(run, 0o500)
        self.addCleanup(os.chmod, run, 0o700)

    def complaints(self):
        path = os.path.join(self.place.spool, "stenohook.log")
        if not os.path.exists(path):
            return 0
        with open(path, encoding="utf-8") as f:
            return f.read().count("Permission denied")

    def test_however_often_it_is_woken_it_tries_every_five_seconds_and_no_more(self):
        self.fresh_place()
        self.done_with_one()
        self.no_snapshots()
        self.deliver()
        self.eventually(self.complaints, 20, "the first try fails")
        begun = time.monotonic()
        for _ in range(20):
            self.deliver()
        self.assertLessEqual(self.complaints(), 2 + (time.monotonic() - begun) / 5)

    def test_one_that_lingers_takes_next_to_no_processor_time(self):
        self.fresh_place()
        runner, event = self.done_with_one("/bin/false")
        self.assertEqual(0, runner.stop())
        # Soon enough to stay for.
        self.put_off(event, 600)
        self.site("/bin/true")
        self.start("--detach")
        self.no_snapshots()
        self.deliver()
        self.eventually(self.complaints, 20, "the first try fails")
        pid, = self.place.runners()
        # From then on it asks in each turn whether it may leave. It tries again every five seconds.
        time.sleep(LINGERS_S + 0.5)
        begun, before = time.monotonic(), used(pid)
        time.sleep(4)
        self.assert_idle(before, used(pid), time.monotonic() - begun)


class Left(IdleCase):
    """What hooks leave in their runner."""

    def test_hundreds_of_hooks_leave_neither_descriptors_nor_memory(self):
        self.fresh_place()
        self.site(self.script('case $STENOHOOK_EVENT_ID in *0) exit 65;; *1) kill -9 $$;; esac; echo "$STENOHOOK_EVENT_ID"'),
                  hooks_max=2)
        runner = self.start()
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)

        def after(count):
            for _ in range(count):
                answer = gateway.post(fresh()[:-1] + LARGER, query=QUERY)
                self.assertEqual(200, answer.status)
            last = json.loads(answer.body)["id"]
            self.eventually(lambda: self.ends(last), 60, "the last hook's end is noted")
            self.eventually(lambda: not living_children(runner.pid), 20, "no hook runs")
            return descriptors(runner.pid), own_memory_kb(runner.pid)

        few, few_kb = after(60)
        _, many_kb = after(300)
        # While it saves it has another two for a moment.
        self.eventually(lambda: descriptors(runner.pid) <= few, 20, "as many descriptors as before")
        self.assertLess(many_kb - few_kb, 400)
