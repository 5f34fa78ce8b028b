# SPDX-License-Identifier: MIT
"""The queue of hooks under load: every event gets its hook, also where runners are killed again and again.

QUEUE_EVENTS and QUEUE_KILLS make the storm longer.
"""
import collections
import concurrent.futures
import os
import random
import time
import uuid

from cases import figures, for_each_mode
from fastcgi import run_cgi
from loads import Load, transcript_event
from place import wait_until
from sender import Sender, transcript
from servers import Server
from test_hooks import HookCase

EVENTS = int(os.environ.get("QUEUE_EVENTS", "2000"))
KILLS = int(os.environ.get("QUEUE_KILLS", "40"))


def deliver_all(load, url, subjects, threads=4):
    """Each by a sender that retries; all are answered 200 in the end."""
    def one(subject):
        answer = load.deliver(Sender(pause=0.05), url, transcript_event(subject), transcript(subject))
        return 0 if answer is None else answer.status_code

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return collections.Counter(pool.map(one, subjects))


class QueueCase(HookCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.load = Load(cls.place)

    def states(self):
        return collections.Counter(line.split('"hook":"')[1].split('"')[0]
                                   for line in self.place.stenohook("list", "--format", "json").splitlines())


@for_each_mode("apache-cgid", "lighttpd-fastcgi")
class Thousand:
    """A thousand events whose hook fails its first two runs, with nothing but requests to start the runner."""

    site, states, results = HookCase.site, QueueCase.states, HookCase.results

    def test_every_event_is_done_with_its_third_run(self):
        self.addCleanup(self.place.kill_runners)
        load = Load(self.place)
        load.log.note("setting", hooks_max=10)
        self.site(load.hook("exit=1", "until=3"), runner=None, hooks_max=10)
        subjects = [str(uuid.uuid4()) for _ in range(1000)]
        self.assertEqual({200: 1000}, deliver_all(load, self.server.url("calls"), subjects))
        wait_until(lambda: self.states() == {"done": 1000}, 240, "every event is done", step=1)
        history = load.check(drained=True)
        runs = collections.defaultdict(list)
        for result in self.results():
            runs[result["id"]].append((result["try"], result["state"]))
        self.assertEqual({((1, "again"), (2, "again"), (3, "done"))}, {tuple(r) for r in runs.values()})
        self.assertEqual(1000, len(runs))
        figures(f"queue: {self.mode}: {history}")


class Bound(QueueCase):
    def test_hooks_of_a_killed_runner_count_among_hooks_max_and_are_not_run_beside_themselves(self):
        self.load.log.note("setting", hooks_max=3)
        self.site(self.load.hook("ms=400"), hooks_max=3)
        for _ in range(9):
            subject = str(uuid.uuid4())
            answer = self.load.send(transcript_event(subject), transcript(subject), lambda body: run_cgi(self.place, body))
            self.assertEqual(200, answer.status)
        runner = self.start("--once")
        wait_until(lambda: self.load.hooks_begun() >= 3, 20, "three hooks have begun")
        self.load.kill("runner", runner.pid)
        runner.kill()
        self.once()
        self.assertEqual({"done": 9}, self.states())
        figures(f"queue: {self.load.check(drained=True)}")


class Storm(QueueCase):
    """Runners are killed while events flow, and once the whole machine is."""

    def kill_until(self, ended, kills):
        """No more than that: each further kill may hit a hook that was lost before, and then waits the longer."""
        done = 0
        while not ended() or done < kills:
            for pid in self.place.runners() if done < kills else ():
                done += 1
                self.load.kill("runner", pid)
            time.sleep(self.random.uniform(0.01, 0.12))
            if ended() and not self.place.runners():
                self.start("--once")
        return done

    def reboot(self, server):
        """Nothing runs, and what is only known of this boot is gone."""
        with self.load.log.noted("boot"):
            server.stop()
            self.place.kill_runners()
            os.unlink(os.path.join(self.place.spool, "state"))
        return self.serve()

    def serve(self):
        server = Server("lighttpd-fastcgi", self.place)
        self.addCleanup(server.stop)
        return server

    def test_no_event_misses_its_hook_and_no_hook_runs_twice_at_the_same_time(self):
        self.random = random.Random(os.environ.get("SEED", "1"))
        self.load.log.note("setting", hooks_max=8)
        self.site(self.load.hook("ms=10", "slow=120"), runner=None, hooks_max=8)
        server = self.serve()
        subjects = [str(uuid.uuid4()) for _ in range(EVENTS)]
        kills = 0
        for half in (subjects[:EVENTS // 2], subjects[EVENTS // 2:]):
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                sending = pool.submit(deliver_all, self.load, server.url("calls"), half)
                kills += self.kill_until(sending.done, KILLS // 2)
                self.assertEqual({200: len(half)}, sending.result())
            if half[0] == subjects[0]:
                server = self.reboot(server)
        # As cron does: what was lost twice in a row waits for ten seconds.
        wait_until(lambda: self.once() == "" and self.states() == {"done": EVENTS}, 600, "every event is done", step=1)
        history = self.load.check(drained=True)
        lost = sum(r["end"] == "lost" for r in self.results())
        self.assertGreaterEqual(kills, KILLS)
        self.assertLessEqual(lost, 8 * (kills + 1), "more runs were lost than were under way")
        self.place.stenohook("verify")
        figures(f"queue: {history}")
