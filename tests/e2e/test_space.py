# SPDX-License-Identifier: MIT
"""A file system that runs full: 503, never a lost or half event, and all is well once there is room again."""
import atexit
import itertools
import json
import os
import subprocess
import uuid

from cases import PlaceCase, needs_root
from fastcgi import Gateway, run_cgi
from place import Place, Trouble, worker
from sender import transcript
from stopping import whole

RESERVE_INODES = 128


class SmallPlace(Place):
    """A place whose spool is a file system of its own."""

    def __init__(self, size, **how):
        self.size = size
        self.mounted = False
        super().__init__(**how)

    def make_spool(self):
        os.mkdir(self.spool, 0o700)
        user = worker()
        with whole():
            self.mount("-t", "tmpfs", "-o", f"size={self.size},mode=0700,uid={user.pw_uid},gid={user.pw_gid}",
                       "stenohook-e2e")
            self.mounted = True
            atexit.register(self.remove)
        super().make_spool()

    def mount(self, *args):
        done = subprocess.run(["mount", *args, self.spool], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Trouble(f"mount {' '.join(args)}: {done.stderr}")

    def grow(self, size):
        self.mount("-o", f"remount,size={size}")

    def free(self):
        fs = os.statvfs(self.spool)
        return fs.f_bavail * fs.f_frsize

    def remove(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.spool], check=False, capture_output=True)
            self.mounted = False
        super().remove()


@needs_root
class FullDisk(PlaceCase):
    @classmethod
    def setUpClass(cls):
        pass

    def site(self, size, **how):
        self.place = SmallPlace(size, **how)
        self.addCleanup(self.place.remove)
        self.gateway = Gateway(self.place)
        self.addCleanup(self.gateway.stop)

    def logs(self):
        return self.place.log_text()

    def post(self, subject, cgi=False, pad=0):
        body = transcript(subject)[:-1] + b',"pad":"' + b"x" * pad + b'"}'
        answer = run_cgi(self.place, body) if cgi else self.gateway.post(body)
        if answer.status != 200:
            self.assertEqual((503, "10"), (answer.status, answer.headers.get("retry-after")), answer.raw)
        return answer.status == 200

    def on_record(self):
        """How often each transcript counts, in the eyes of the product."""
        counts = {}
        for line in self.place.stenohook("list", "--format", "json").splitlines():
            subject = json.loads(line)["transcript_id"]
            counts[subject] = counts.get(subject, 0) + 1
        return counts

    def test_brim_without_reserve_loses_and_repeats_nothing(self):
        self.site("1m", free_space_min="0")
        accepted, refused = [], []
        while len(refused) < 40:
            subject = str(uuid.uuid4())
            # Bodies of all sizes, so that the last bytes are used up and some writes are cut short.
            fits = self.post(subject, cgi=len(refused) % 4 == 1, pad=37 * (len(accepted) % 60))
            (accepted if fits else refused).append(subject)
            self.assertLess(len(accepted), 20_000, "the file system never fills up")
        self.assertGreaterEqual(len(accepted), 100)
        self.assertLess(self.place.free(), 16_384, "refused long before the brim")
        self.place.stenohook("verify")
        self.assertEqual({s: 1 for s in accepted}, {s: n for s, n in self.on_record().items() if s in set(accepted)})
        self.place.grow("8m")
        for number, subject in enumerate(refused):
            self.assertTrue(self.post(subject, cgi=number % 4 == 1), "refused although there is room")
        self.assertEqual({s: 1 for s in accepted + refused}, self.on_record())
        self.place.stenohook("verify")

    def test_default_reserve_refuses_before_the_brim(self):
        self.site("20m")
        accepted = []
        while self.post(subject := str(uuid.uuid4()), pad=100_000):
            accepted.append(subject)
            self.assertLess(len(accepted), 200, "the reserve is not kept")
        self.assertGreater(len(accepted), 10)
        self.assertGreater(self.place.free(), 15 << 20)
        self.place.grow("64m")
        self.assertTrue(self.post(subject, pad=100_000))
        self.assertEqual({s: 1 for s in accepted + [subject]}, self.on_record())

    def free_inodes(self):
        return os.statvfs(self.place.spool).f_favail

    def leave_inodes(self, count, most=2000):
        """What a neighbour on the same file system takes, or gives back."""
        for number in itertools.count():
            name = os.path.join(self.place.spool, f"neighbour-{number}")
            left = self.free_inodes() - count
            if left == 0:
                return
            if left > 0 and not os.path.exists(name):
                open(name, "wb").close()
            elif left < 0 and os.path.exists(name):
                os.unlink(name)
            self.assertLess(number, most)

    def reported(self, problem, words=""):
        """What a monitor is told; "" is nothing."""
        for answer in (self.gateway.post(b"", REQUEST_METHOD="GET"), run_cgi(self.place, b"", REQUEST_METHOD="GET")):
            told = json.loads(answer.body)
            self.assertEqual((503 if problem else 200, problem), (answer.status, told.get("problem", "")), told)
            self.assertIn(words, told.get("problems", [""])[0])

    def test_the_report_refuses_when_deliveries_do(self):
        """The reserve that nobody has set: one percent, here of the inodes."""
        self.site("64m,nr_inodes=20000")
        self.assertTrue(self.post(str(uuid.uuid4())))
        self.reported("")
        self.leave_inodes(20000 // 100 - 20, 20000)
        self.assertFalse(self.post(subject := str(uuid.uuid4())))
        self.reported("no-space", "inodes")
        self.leave_inodes(20000 // 100 + 20)
        self.reported("")
        self.assertTrue(self.post(subject))

    def test_the_report_of_a_spool_that_can_only_be_read_is_503(self):
        self.site("64m")
        self.assertTrue(self.post(str(uuid.uuid4()), cgi=True))
        self.place.mount("-o", "remount,ro")
        subject = str(uuid.uuid4())
        for cgi in (False, True):
            self.assertFalse(self.post(subject, cgi))
        self.reported("io", "Read-only file system")
        self.place.mount("-o", "remount,rw")
        self.reported("")
        self.assertTrue(self.post(subject))

    def test_deliveries_are_refused_before_the_last_inode_is_gone(self):
        self.site("32m,nr_inodes=1000", segment_max="64K", free_space_min="1M")
        self.assertTrue(self.post(str(uuid.uuid4())))
        self.leave_inodes(RESERVE_INODES + 5)
        accepted = []
        while self.post(subject := str(uuid.uuid4()), cgi=len(accepted) % 4 == 1, pad=20_000):
            accepted.append(subject)
            self.assertLess(len(accepted), 100, "no inodes are kept")
        # Each new segment took one.
        self.assertGreaterEqual(len(os.listdir(os.path.join(self.place.spool, "log"))), 3)
        self.assertIn(self.free_inodes(), range(RESERVE_INODES - 4, RESERVE_INODES))
        self.assertIn("inodes (files) are free", self.logs())
        self.reported("no-space", "inodes")
        self.assertIn("inodes (files) free, less than free-space-min (128 inodes", self.place.stenohook("check", ok=(1,)))
        self.leave_inodes(2 * RESERVE_INODES)
        self.assertTrue(self.post(subject, pad=20_000))
        for _ in range(8):
            self.assertTrue(self.post(str(uuid.uuid4()), pad=20_000))
        self.assertEqual({s: 1 for s in accepted + [subject]},
                         {s: n for s, n in self.on_record().items() if s in accepted + [subject]})
        self.place.stenohook("verify")
