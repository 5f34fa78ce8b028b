# SPDX-License-Identifier: MIT
"""Root's `stenohook init --user U` below folders of U, who plants links there and swaps names meanwhile."""
import os
import signal
import stat
import subprocess
import sys

from cases import PlaceCase, figures, needs_root
from place import as_worker, worker

ROUNDS = 60

# As the user of the gateway: swaps the name that init makes for a link to root's, as often as it can.
ATTACK = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
bait, fresh = (os.fsencode(a) for a in sys.argv[1:])
print("ready", flush=True)
while True:
    libc.renameat2(-100, bait, -100, fresh, 2)
"""


@needs_root
class InitForAnother(PlaceCase):
    def setUp(self):
        self.base = os.path.join(self.place.folder, self._testMethodName)
        os.mkdir(self.base, 0o755)
        os.chmod(self.base, 0o755)
        self.theirs = os.path.join(self.base, "theirs")
        os.mkdir(self.theirs, 0o755)
        self.place.give(self.theirs)
        self.victim = os.path.join(self.base, "victim")
        os.mkdir(self.victim, 0o750)
        os.chmod(self.victim, 0o750)

    def init(self, *args):
        done = subprocess.run([self.place.cli, *args[:2], "init", "--user", worker().pw_name, *args[2:]],
                              env=self.place.env(), cwd="/", capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stderr

    def assert_untouched(self, told):
        now = os.stat(self.victim)
        self.assertEqual((0, 0o750, []), (now.st_uid, stat.S_IMODE(now.st_mode), os.listdir(self.victim)), told)

    def link(self, name, target):
        os.symlink(target, os.path.join(self.theirs, name))
        os.chown(os.path.join(self.theirs, name), worker().pw_uid, worker().pw_gid, follow_symlinks=False)

    def test_a_link_on_the_way_to_the_spool_is_refused(self):
        self.link("lib", self.victim)
        code, told = self.init("--config", os.path.join(self.base, "etc/stenohook.conf"), "--spool",
                               os.path.join(self.theirs, "lib/spool"))
        self.assert_untouched(told)
        self.assertEqual(3, code, told)
        self.assertIn("root does not follow lib, which another user could have made", told)

    def test_a_link_on_the_way_to_the_secret_and_the_configuration_is_refused(self):
        self.link("etc", self.victim)
        code, told = self.init("--config", os.path.join(self.theirs, "etc/stenohook.conf"), "--spool",
                               os.path.join(self.base, "spool"))
        self.assert_untouched(told)
        self.assertEqual(3, code, told)

    def test_links_of_root_s_are_followed(self):
        os.mkdir(os.path.join(self.base, "data"), 0o755)
        os.symlink("data", os.path.join(self.base, "lib"))
        code, told = self.init("--config", os.path.join(self.base, "lib/etc/stenohook.conf"), "--spool",
                               os.path.join(self.base, "lib/spool"))
        self.assertEqual(0, code, told)
        self.assertEqual(worker().pw_uid, os.stat(os.path.join(self.base, "data/spool")).st_uid)

    def test_a_folder_swapped_at_full_speed_gives_the_user_nothing_of_root_s(self):
        spool, bait = (os.path.join(self.theirs, name) for name in ("spool", "bait"))
        attack = subprocess.Popen([sys.executable, "-c", ATTACK, bait, spool], stdout=subprocess.PIPE, **as_worker())
        self.addCleanup(attack.stdout.close)
        self.addCleanup(attack.wait)
        self.addCleanup(attack.kill)
        self.assertEqual(b"ready\n", attack.stdout.readline())
        made = 0
        for i in range(ROUNDS):
            os.kill(attack.pid, signal.SIGSTOP)
            for name in os.listdir(self.theirs):
                subprocess.run(["rm", "-rf", os.path.join(self.theirs, name)], check=True)
            self.link("bait", self.victim)
            os.kill(attack.pid, signal.SIGCONT)
            code, told = self.init("--config", os.path.join(self.base, f"{i}/stenohook.conf"), "--spool", spool)
            self.assert_untouched(f"round {i}: {told}")
            made += code == 0
        figures(f"init: {ROUNDS} rounds against a user who swaps the spool, {made} made")
