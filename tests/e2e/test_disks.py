# SPDX-License-Identifier: MIT
"""Real file systems on a disk that fails: 2xx is on the disk itself, whatever the page cache said."""
import os
import subprocess
import sys
import uuid

from cases import PlaceCase, figures, needs_root
from disks import FILE_SYSTEMS, DiskPlace, check_means
from fastcgi import Answer, request_env
from loads import Load, transcript_event
from place import Process, as_worker, need, wait_until
from sender import Sender, transcript
from servers import Server

MODES = ("lighttpd-cgi", "lighttpd-fastcgi")
# Of some, so that a failure that met what nobody waits for (the index, say) is followed by one that met a record.
ROUNDS = 2
# Answers of 503 after which somebody comes and mounts the file system again.
PATIENCE = 3


def padded(subject, pad):
    return transcript(subject)[:-1] + ', "pad": "'.encode() + "ä".encode() * (pad // 2) + b'"}'


class OnDisk:
    """The tests for one file system, whose name is `kind`."""

    kind = None

    @classmethod
    def setUpClass(cls):
        pass

    def site(self, **how):
        check_means(self.kind)
        self.bodies = {}
        self.server = None
        self.place = DiskPlace(self.kind, **{"free_space_min": "0", **how})
        self.load = Load(self.place)
        self.addCleanup(self.place.remove)
        self.addCleanup(self.stop_server)

    def logs(self):
        return self.place.log_text()

    def start_server(self, mode):
        self.server = Server(mode, self.place)

    def stop_server(self):
        if self.server is not None:
            self.server.stop()
            self.server = None

    def post(self, subject, pad=20):
        """Whether it was accepted; the only other answer is: come again."""
        body = self.bodies.setdefault(subject, padded(subject, pad))
        answer = self.load.send(transcript_event(subject), body, lambda sent: Sender().once(self.server.url(), sent))
        if answer.status_code != 200:
            self.assertEqual((503, "10"), (answer.status_code, answer.headers.get("Retry-After")), answer.text)
        return answer.status_code == 200

    def mount_again(self):
        """As an administrator would, or a reboot."""
        mode = self.server.mode
        self.stop_server()
        self.place.unmount()
        self.place.mount()
        self.start_server(mode)

    def deliver(self, subject):
        """Until it is accepted: how often it was not."""
        for refused in range(3 * PATIENCE):
            if refused == PATIENCE:
                self.mount_again()
            if self.post(subject):
                return refused
        self.fail("refused although the disk is well again")

    def check_disk(self):
        """Judges the history by what is on the disk when no cache is left; returns its line of figures."""
        self.stop_server()
        self.place.unmount()
        self.place.mount()
        self.place.stenohook("verify")
        return self.load.check()

    def each_mode(self, scene):
        for mode in MODES:
            self.start_server(mode)
            scene()
            self.stop_server()
        return self.check_disk()

    def cut_power(self):
        """Takes what no sync has written, and mounts what is left."""
        with self.load.log.noted("cut"):
            self.assertEqual("ok", self.place.disk.tell("cut"))
            self.stop_server()
            self.place.unmount()
            self.assertEqual("ok", self.place.disk.tell("back"))
            self.place.mount()

    def test_deliveries_are_on_the_disk_byte_for_byte(self):
        def scene():
            subjects = [str(uuid.uuid4()) for _ in range(8)]
            for number, subject in enumerate(subjects):
                self.assertTrue(self.post(subject, pad=7 ** number % 300_007))
            for subject in subjects:
                self.assertTrue(self.post(subject), "its retry")

        self.site(segment_max="256K")
        self.each_mode(scene)

    def test_power_cut_takes_nothing_that_was_accepted(self):
        def scene():
            for number in range(6):
                self.assertTrue(self.post(str(uuid.uuid4()), pad=number * 5003))
            self.cut_power()

        self.site(segment_max="64K")
        figures(f"disks: {self.kind}: {self.each_mode(scene)}")

    def test_power_cut_takes_no_quarantined_delivery_whose_answer_is_final(self):
        def scene():
            self.assertTrue(self.post(str(uuid.uuid4())))
            bodies = [f"no JSON {self.server.mode} {number}".encode() + b"x" * (number * 5003) for number in range(4)]
            for body in bodies:
                self.assertEqual(400, Sender().once(self.server.url(), body).status_code)
            self.assertEqual(401, Sender(name=None).once(self.server.url(), bodies[0]).status_code)
            self.assertEqual(1, len([entry for entry in self.box("refused") if entry[1] == bodies[0]]))
            self.cut_power()
            kept = [body for _, body in self.box("quarantine")]
            self.assertEqual([], [body for body in bodies if kept.count(body) != 1])

        self.site()
        self.each_mode(scene)

    def fail_once(self, what):
        """The disk fails once, in each round, and is well again before the first retry."""
        refused = 0
        for _ in range(ROUNDS):
            self.assertTrue(self.post(str(uuid.uuid4())))
            self.assertEqual("ok", self.place.disk.tell(f"{what} 1"))
            for _ in range(3):
                refused += self.deliver(str(uuid.uuid4()))
            # Else it would be the next round's, and a round more.
            self.place.disk.tell(f"{what} 0")
        self.assertGreater(refused, 0, "no failure has met a record")

    def tell(self, failed, what, history):
        self.assertGreater(failed, 0)
        figures(f"disks: {failed} {what} failed below {self.kind}: {history}")

    def test_write_that_fails_once_below_a_sync_loses_nothing(self):
        self.site()
        history = self.each_mode(lambda: self.fail_once("write"))
        self.tell(self.place.disk.failed()[0], "writes", history)

    def test_flush_that_fails_once_loses_nothing(self):
        self.site()
        history = self.each_mode(lambda: self.fail_once("flush"))
        self.tell(self.place.disk.failed()[1], "flushes", history)

    def test_disk_that_runs_full_in_the_middle_of_a_write_loses_nothing(self):
        def scene():
            self.assertTrue(self.post(str(uuid.uuid4())))
            self.place.fill()
            self.place.shrink_ballast(512 << 10)
            refused = []
            for number in range(2000):
                subject = str(uuid.uuid4())
                if not self.post(subject, pad=4001 * (number % 23)):
                    refused.append(subject)
                if len(refused) == 8:
                    break
            self.assertEqual(8, len(refused), "the file system never fills up")
            os.unlink(self.place.ballast)
            for subject in refused:
                self.deliver(subject)

        self.site()
        self.each_mode(scene)

    def test_read_only_is_503_and_well_again_when_writable(self):
        def scene():
            subject = str(uuid.uuid4())
            mode = self.server.mode
            # A server that keeps the journal open keeps the kernel from it.
            if not self.place.remount("ro"):
                self.stop_server()
                self.assertTrue(self.place.remount("ro"))
                self.start_server(mode)
            self.assertFalse(self.post(subject))
            self.assertTrue(self.place.remount("rw"))
            self.assertTrue(self.post(subject))
            self.assertTrue(self.post(str(uuid.uuid4())))

        self.site()
        self.each_mode(scene)

    def read_only_meanwhile(self, body):
        child = subprocess.Popen([self.place.program], env=self.place.env(**request_env(body=body)), cwd="/",
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **as_worker())
        self.addCleanup(child.kill)
        child.stdin.write(body[:1000])
        child.stdin.flush()
        self.assertTrue(self.place.remount("ro"))
        return Answer(*child.communicate(body[1000:], timeout=60))

    def test_read_only_in_the_middle_of_a_delivery_is_503(self):
        self.site()
        self.start_server("lighttpd-cgi")
        self.assertTrue(self.post(str(uuid.uuid4())))
        subject = str(uuid.uuid4())
        body = self.bodies[subject] = padded(subject, 3000)
        answer = self.load.send(transcript_event(subject), body, self.read_only_meanwhile)
        self.assertEqual((503, "10"), (answer.status, answer.headers.get("retry-after")), answer.raw)
        self.assertTrue(self.place.remount("rw"))
        self.assertTrue(self.post(subject))
        self.check_disk()

    def test_what_is_mounted_again_was_unmounted_by_everybody(self):
        need("unshare")
        self.site()
        self.assertTrue(self.place.is_attached())
        ours = os.readlink("/proc/self/ns/mnt")
        holder = Process(["unshare", "--mount", "sleep", "1"], os.path.join(self.place.run, "holder.log"))
        self.addCleanup(holder.kill)
        wait_until(lambda: os.readlink(f"/proc/{holder.pid}/ns/mnt") != ours, 20, "it has a copy of all mounts")
        self.place.unmount()
        self.assertFalse(self.place.is_attached())
        self.place.mount()


for name in FILE_SYSTEMS:
    title = f"OnDisk[{name}]"
    setattr(sys.modules[__name__], title,
            needs_root(type(title, (OnDisk, PlaceCase), {"kind": name, "__module__": __name__})))
