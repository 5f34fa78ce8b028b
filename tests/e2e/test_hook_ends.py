# SPDX-License-Identifier: MIT
"""What is made of each way in which a hook can end, and that two runners at once make one run of it."""
import os
import signal
import subprocess

from place import as_worker, need
from test_hooks import NO_RUNNER
from test_idle import IdleCase

# Name of the endpoint -> its script, and how that has ended: state, end, code.
ENDS = {
    "success": ("exit 0", ("done", "exit", 0)),
    "failure": ("exit 1", ("again", "exit", 1)),
    "data-error": ("exit 65", ("dead", "exit", 65)),
    "temporary": ("exit 75", ("again", "exit", 75)),
    "not-found": ("exec /nonexistent", ("again", "exit", 127)),
    "largest": ("exit 255", ("again", "exit", 255)),
    "killed": ("kill -KILL $$", ("again", "signal", signal.SIGKILL)),
    "crashed": ("kill -SEGV $$", ("again", "signal", signal.SIGSEGV)),
    "hung-up": ("kill -HUP $$", ("again", "signal", signal.SIGHUP)),
    "says-it-was-killed": ("exit 137", ("again", "exit", 137)),
    # What it has started does not speak for it.
    "child-fails": ("sh -c 'exit 65' & wait; exit 0", ("done", "exit", 0)),
    "child-killed": ("sh -c 'kill -KILL $$'; exit 65", ("dead", "exit", 65)),
}
RUNNERS = 3


class Ends(IdleCase):
    def test_each_end_is_noted_as_what_it_was_and_decides_about_the_event(self):
        self.fresh_place()
        self.place.configure({name: {"hook": [self.script(text)]} for name, (text, _) in ENDS.items()}, runner=NO_RUNNER)
        events = {name: self.deliver(endpoint=name) for name in ENDS}
        self.once()
        for name, (_, expected) in ENDS.items():
            with self.subTest(name):
                self.assertEqual([(1, *expected)], self.ends(events[name]))


class Two(IdleCase):
    def slowly(self, when):
        """A runner that is held up for a while after it has asked for that lock."""
        trace = os.path.join(self.place.run, f"trace-{when}-{os.urandom(4).hex()}")
        return ["strace", "-qq", "-o", trace, "-e", "trace=flock", "-e", f"inject=flock:delay_exit=300000:when={when}"]

    def runner(self, *before):
        command = [*before, self.place.runner, "--config", self.place.config, "--once"]
        return subprocess.Popen(command, env=self.place.env(), cwd="/", stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, **as_worker())

    def test_runners_that_begin_together_run_each_hook_once_however_slow_their_locks_are(self):
        need("strace")
        for when in (1, 2, 3):
            with self.subTest(when=when):
                self.fresh_place()
                self.site(self.script(f"echo $STENOHOOK_EVENT_ID >>{self.out}/log"))
                events = [self.deliver() for _ in range(4)]
                runners = [self.runner(*self.slowly(when)) for _ in range(RUNNERS)] + [self.runner()]
                for runner in runners:
                    self.assertEqual((0, b""), (runner.wait(60), runner.stderr.read()), self.place.log_text())
                    runner.stderr.close()
                self.assertEqual(sorted(events), sorted(self.said("log").split()))
                for event in events:
                    self.assertEqual([(1, "done", "exit", 0)], self.ends(event))
