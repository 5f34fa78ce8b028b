# SPDX-License-Identifier: MIT
"""What is kept, and for how long: prune, by the verb and by the runner, and verify --repair."""
import fcntl
import json
import os

import records
from fastcgi import run_cgi
from sender import transcript
from verbs import NO_RUNNER, VerbCase


class Keep(VerbCase):
    """prune, and verify --repair."""

    def site(self, runner=NO_RUNNER, **endpoint):
        self.place.configure({"calls": {"hook": [self.hook], **endpoint}}, runner=runner, keep="2d")

    def reboot(self):
        """A new segment follows a lost state."""
        path = os.path.join(self.place.spool, "state")
        if os.path.exists(path):
            os.unlink(path)

    def segments(self):
        return sorted(os.listdir(os.path.join(self.place.spool, "log")))

    def old_events(self):
        """Four segments: the records of the first two are too old to be kept."""
        for name in ("one", "two", "three", "four"):
            self.reboot()
            self.deliver(name)
        for segment, days in ((1, 9), (2, 5), (3, 3)):
            records.age(records.segments(self.place.spool)[segment - 1], days=days)

    def test_prune_removes_what_its_dry_run_tells_once_the_hooks_have_run(self):
        self.old_events()
        told, said = self.cli("prune", "--dry-run")
        # The second waits for its hook; the first does too, but for more than twice two days.
        self.assertRegex(told, r"(?m)^journal    1 file, \d+ bytes$")
        self.assertRegex(said, "1 file of the journal .* hooks have still to run")
        self.assertIn("hooks have still to run", "".join(self.cli("check", code=1)))
        self.assertEqual(4, len(self.segments()))
        self.assertEqual(told, self.cli("prune")[0])
        self.assertEqual(3, len(self.segments()))
        self.once()  # the runner prunes when it begins: before the hooks have run
        self.assertEqual(3, len(self.ran()))
        told, said = self.cli("prune")
        self.assertRegex(told, r"(?m)^journal    1 file, \d+ bytes$")
        self.assertEqual("", said)
        self.assertEqual(["three", "four"], [json.loads(e)["transcript_id"] for e in self.cli("list", "--format", "json")[0].splitlines()])
        self.assertNotIn("hooks have still to run", "".join(self.cli("check", code=1)))
        self.assertRegex(self.cli("prune")[0], "(?m)^journal    0 files, 0 bytes$")
        self.cli("verify")

    def test_the_runner_prunes_by_itself(self):
        self.old_events()
        self.once()
        self.assertEqual(3, len(self.segments()))
        self.once()
        self.assertEqual(2, len(self.segments()))

    def test_repair_recognises_retries_again(self):
        for name in ("one", "two", "three"):
            self.deliver(name)
        self.once()
        path = os.path.join(self.place.spool, "idx", "00.idx")
        size = os.path.getsize(path)
        with open(path, "r+b") as f:
            f.seek(4096)
            f.write(bytes(size - 4096))
        again = json.loads(run_cgi(self.place, transcript("one")).body)
        self.assertFalse(again["duplicate"])
        told = self.cli("verify", "--repair")[0]
        self.assertRegex(told, r"1 repeated\nrepaired: ")
        for name in ("one", "two", "three"):
            self.assertTrue(json.loads(run_cgi(self.place, transcript(name)).body)["duplicate"], name)
        self.once()
        self.assertEqual(4, len(self.ran()), "no hook that had run runs again; the repeated event's does")

    def test_repair_waits_for_no_runner_for_ever(self):
        self.deliver("one")
        self.once()
        with open(os.path.join(self.place.spool, "run", "lock"), "rb") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            self.assertIn("stop it", self.cli("verify", "--repair", code=4)[1])
        self.cli("verify", "--repair")
