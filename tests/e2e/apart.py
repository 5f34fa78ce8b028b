# SPDX-License-Identifier: MIT
"""apart - topics side by side, each in a process of its own, whose lines are told together when it has ended."""
import json
import os
import subprocess
import sys
import tempfile
import time

from progress import tally
from stopping import whole

# These take longest: begun first, they do not run on alone at the end.
SLOW = ("queue", "hooks", "reconcile", "reconcile_many", "examples", "faults")
STOP_SECONDS = 60


class Topic:
    def __init__(self, name, patterns, verbose):
        self.name = name
        self.said = tempfile.TemporaryFile()
        self.tally = tempfile.TemporaryFile()
        options = [o for p in patterns for o in ("-k", p)] + (["-v"] if verbose else [])
        with whole():
            # The program ends it where we are killed.
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", sys.executable, os.path.join(os.path.dirname(__file__), "run"), name,
                 "--tally", str(self.tally.fileno()), *options],
                stdout=self.said, stderr=subprocess.STDOUT, pass_fds=(self.tally.fileno(),))

    def ended(self):
        return self.child.poll() is not None

    def told(self):
        """Prints what it said, and gives its tally."""
        for file in self.said, self.tally:
            file.seek(0)
        print(self.said.read().decode(errors="replace"), end="", flush=True)
        try:
            counted = json.load(self.tally)
        except ValueError:
            print(f"run: {self.name} did not come to its end: status {self.child.returncode}", flush=True)
            counted = tally(failed=1)
        if self.child.returncode != 0 and not counted["failed"] and counted["passed"]:
            print(f"run: {self.name} ended with status {self.child.returncode}", flush=True)
            counted["failed"] = 1
        return counted

    def stop(self):
        """It ends what it has started; one that does not come to that is killed."""
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def run(names, jobs, patterns, verbose):
    waiting = sorted(names, key=lambda n: SLOW.index(n) if n in SLOW else len(SLOW))
    running, total = [], tally()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(Topic(waiting.pop(0), patterns, verbose))
            for topic in [t for t in running if t.ended()]:
                running.remove(topic)
                for key, value in topic.told().items():
                    total[key] += value
            time.sleep(0.1)
    finally:
        for topic in running:
            topic.child.terminate()
        for topic in running:
            topic.stop()
    return total
