# SPDX-License-Identifier: MIT
"""The spool goes away, or is another one, under a running gateway: no answer is final that leaves no trace where people
look."""
import atexit
import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import time
import uuid

import records
from cases import PlaceCase, needs_root
from fastcgi import Connection, Gateway, request_env, run_cgi
from place import Place, Trouble, worker
from sender import transcript
from stopping import whole

# More than the gateway reads in advance: if half of it was taken, the request is being served.
LARGE = 400_000
ENDPOINTS = {
    "calls": {},
    "fenced": {"allow-from": ["192.0.2.1"]},
    "open-fenced": {"auth": "none", "allow-from": ["192.0.2.1"]},
    "small": {"body-max": "1K"},
    "signed": {"auth": "aai-signature"},
    "std": {"auth": "standard-webhooks", "secret": "whsec_" + base64.b64encode(bytes(range(24))).decode()},
}


def fresh(pad=0):
    return transcript(str(uuid.uuid4()))[:-1] + b',"pad":"' + b"x" * pad + b'"}'


def subject(body):
    return json.loads(body)["transcript_id"]


def mount(folder, *args):
    done = subprocess.run(["mount", *args, folder], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"mount {' '.join(args)} {folder}: {done.stderr}")


def unmount(folder):
    """Although somebody has files open below it, as `umount -l` of an operator."""
    subprocess.run(["umount", "-l", folder], capture_output=True, check=False)


class MovedCase(PlaceCase):
    """A gateway of two threads that has both of them at the spool, and then another world."""

    @classmethod
    def setUpClass(cls):
        """No place of the class."""

    def setUp(self):
        self.place = Place(ENDPOINTS, threads=2)
        self.addCleanup(self.place.remove)
        self.addCleanup(self.place.check_sanitizers)
        self.gateway = Gateway(self.place)
        self.addCleanup(self.gateway.stop)
        self.away = self.place.spool + ".away"

    def logs(self):  # pylint: disable=arguments-differ
        return self.place.log_text()

    def another(self, path):
        """One more spool, by the product's own `init`."""
        config = os.path.join(self.place.folder, "another", "stenohook.conf")
        os.makedirs(os.path.dirname(config), exist_ok=True)
        if os.path.exists(config):
            os.unlink(config)
        command = [self.place.cli, "init", "--spool", path, "--config", config, "--endpoint", "calls",
                   "--url", "https://example.com/hook/calls", "--user", worker().pw_name]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        self.assertEqual(0, done.returncode, f"{command}\n{done.stdout}{done.stderr}")
        return path

    def begun(self, body):
        """A delivery whose first half is with a thread of the gateway."""
        connection = Connection(self.gateway.path)
        self.addCleanup(connection.close)
        connection.begin(request_env(body=body))
        connection.body(body[:LARGE // 2])
        connection.wait_until_read()
        return connection

    @staticmethod
    def ended(connection, body):
        connection.body(body[LARGE // 2:])
        connection.end_body()
        return connection.answer()

    def at_once(self):
        """A delivery for each thread, so that both of them have seen the world as it is. Answers and subjects."""
        bodies = [fresh(LARGE) for _ in range(2)]
        connections = [self.begun(body) for body in bodies]
        answers = [self.ended(*pair) for pair in zip(connections, bodies)]
        return [a.status for a in answers], {subject(b) for b in bodies}

    def on_record(self, spool):
        return {r["transcript_id"] for r in records.journal(spool)} if os.path.exists(os.path.join(spool, "log")) else set()

    def recorded_in(self, spool):
        answers, subjects = self.at_once()
        self.assertEqual([200, 200], answers)
        self.assertEqual(subjects, subjects & self.on_record(spool), "it is not where the configuration says")

    def nobody_is_answered(self, spool):
        """503 for whatever comes, and nothing goes to the former spool."""
        before = self.on_record(spool)
        answers, _ = self.at_once()
        self.assertEqual([503, 503], answers)
        self.assertEqual(before, self.on_record(spool))


class Moved(MovedCase):
    def test_a_spool_that_is_renamed_gets_no_event_until_it_is_back(self):
        self.recorded_in(self.place.spool)
        os.rename(self.place.spool, self.away)
        self.nobody_is_answered(self.away)
        self.assertFalse(os.path.exists(self.place.spool), "nobody asked for a new one")
        os.rename(self.away, self.place.spool)
        self.recorded_in(self.place.spool)

    def test_a_spool_that_takes_the_place_of_another_gets_the_events(self):
        self.recorded_in(self.place.spool)
        other = self.another(self.place.spool + ".other")
        os.rename(self.place.spool, self.away)
        os.rename(other, self.place.spool)
        before = self.on_record(self.away)
        self.recorded_in(self.place.spool)
        self.assertEqual(before, self.on_record(self.away))

    def test_a_link_that_leads_to_another_spool_is_followed(self):
        target, other = self.place.spool + ".1", self.another(self.place.spool + ".2")
        os.rename(self.place.spool, target)
        os.symlink(target, self.place.spool)
        self.recorded_in(target)
        os.symlink(other, self.place.spool + ".new")
        os.rename(self.place.spool + ".new", self.place.spool)
        before = self.on_record(target)
        self.recorded_in(other)
        self.assertEqual(before, self.on_record(target))

    def test_a_journal_that_is_moved_out_of_the_spool_gets_no_event_until_it_is_back(self):
        self.recorded_in(self.place.spool)
        before = self.on_record(self.place.spool)
        log = os.path.join(self.place.spool, "log")
        os.rename(log, self.away)
        answers, _ = self.at_once()
        self.assertEqual([503, 503], answers)
        os.rename(self.away, log)
        self.assertEqual(before, self.on_record(self.place.spool))
        self.recorded_in(self.place.spool)

    def test_a_copy_that_is_restored_in_place_gets_the_events(self):
        """Nobody stopped the gateway, as people should."""
        self.recorded_in(self.place.spool)
        copy = self.place.spool + ".copy"
        shutil.copytree(self.place.spool, copy)
        self.recorded_in(self.place.spool)
        for name in os.listdir(self.place.spool):
            path = os.path.join(self.place.spool, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        answers, _ = self.at_once()
        self.assertEqual([503, 503], answers)
        for name in ("format", "log", "run"):
            os.rename(os.path.join(copy, name), os.path.join(self.place.spool, name))
        subprocess.run(["chown", "-R", f"{worker().pw_uid}:{worker().pw_gid}", self.place.spool], check=True)
        self.recorded_in(self.place.spool)
        self.place.stenohook("verify")

    def test_a_folder_above_that_is_renamed_takes_the_spool_away(self):
        above = os.path.join(self.place.folder, "above")
        os.mkdir(above, 0o755)
        self.place.spool = self.another(os.path.join(above, "spool"))
        self.place.configure(ENDPOINTS, threads=2)
        self.recorded_in(self.place.spool)
        os.rename(above, above + ".away")
        self.nobody_is_answered(os.path.join(above + ".away", "spool"))
        os.rename(above + ".away", above)
        self.recorded_in(self.place.spool)

    def test_a_spool_that_goes_while_a_body_comes_does_not_get_it(self):
        self.recorded_in(self.place.spool)
        for back in (lambda: None, lambda: self.another(self.place.spool)):
            before, body = self.on_record(self.place.spool), fresh(LARGE)
            connection = self.begun(body)
            os.rename(self.place.spool, self.away)
            back()
            answer = self.ended(connection, body)
            self.assertEqual((503, "10"), (answer.status, answer.headers.get("retry-after")))
            self.assertEqual(before, self.on_record(self.away))
            if os.path.exists(self.place.spool):
                os.rename(self.place.spool, self.place.spool + ".other")
            os.rename(self.away, self.place.spool)
            self.assertEqual(200, self.gateway.post(body).status, "its retry")
            self.assertIn(subject(body), self.on_record(self.place.spool))

    def test_a_spool_that_was_opened_to_others_gets_no_event(self):
        self.recorded_in(self.place.spool)
        os.chmod(self.place.spool, 0o777)
        self.nobody_is_answered(self.place.spool)
        os.chmod(self.place.spool, 0o700)
        self.recorded_in(self.place.spool)

    @needs_root
    def test_a_spool_that_was_given_to_another_gets_no_event(self):
        """Although its files could be written to as before."""
        os.chmod(self.place.spool, 0o755)
        self.recorded_in(self.place.spool)
        owner = os.stat(self.place.spool)
        os.chown(self.place.spool, 0, -1)
        self.nobody_is_answered(self.place.spool)
        os.chown(self.place.spool, owner.st_uid, -1)
        self.recorded_in(self.place.spool)


@needs_root
class Mounted(MovedCase):
    """Volumes that come and go. The first inode of each of these file systems has the same number."""

    def volume(self, spool=True):
        """Mounts an empty file system over the spool's folder."""
        user = worker()
        with whole():
            mount(self.place.spool, "-t", "tmpfs", "-o", f"size=64m,mode=0700,uid={user.pw_uid},gid={user.pw_gid}", "e2e")
            atexit.register(unmount, self.place.spool)
        # Before the place is removed, whose clean-up was added earlier.
        self.addCleanup(unmount, self.place.spool)
        if spool:
            self.another(self.place.spool)

    def test_what_is_mounted_over_a_spool_gets_the_events_and_what_is_below_gets_none(self):
        self.recorded_in(self.place.spool)
        below = self.on_record(self.place.spool)
        self.volume()
        self.recorded_in(self.place.spool)
        unmount(self.place.spool)
        self.assertEqual(below, self.on_record(self.place.spool))
        self.recorded_in(self.place.spool)

    def test_a_volume_over_another_whose_folder_has_the_same_number_is_another(self):
        self.volume()
        number = os.stat(self.place.spool).st_ino
        self.recorded_in(self.place.spool)
        below = self.on_record(self.place.spool)
        self.volume()
        self.assertEqual(number, os.stat(self.place.spool).st_ino, "the test cannot see what it is for")
        self.recorded_in(self.place.spool)
        unmount(self.place.spool)
        self.assertEqual(below, self.on_record(self.place.spool))

    def test_an_empty_volume_is_no_spool_and_gets_nothing(self):
        self.recorded_in(self.place.spool)
        self.volume(spool=False)
        answers, _ = self.at_once()
        self.assertEqual([503, 503], answers)
        self.assertEqual([], os.listdir(self.place.spool))

    def test_a_volume_that_was_unmounted_gets_no_event(self):
        os.rename(self.place.spool, self.away)
        os.mkdir(self.place.spool, 0o700)
        self.place.give(self.place.spool)
        self.volume()
        self.recorded_in(self.place.spool)
        unmount(self.place.spool)
        answers, _ = self.at_once()
        self.assertEqual([503, 503], answers)
        self.assertEqual([], os.listdir(self.place.spool), "the folder below a volume is no spool")


class Away(MovedCase):
    """While there is no spool nothing can be kept, so nothing may be final: the sender is to come again."""

    def signed(self, body, age=0):
        at = int(time.time()) - age
        digest = hmac.new(b"correct-horse-battery-staple", b"%d." % at + body, hashlib.sha256).hexdigest()
        return {"endpoint": "signed", "secret": None, "HTTP_X_AAI_SIGNATURE": f"t={at},v1={digest}"}

    def deliveries(self):
        """What would be answered with each code. Name, code, body, and how to ask."""
        body = fresh()
        yield "an event", 200, fresh(), {}
        yield "an unknown endpoint", 404, fresh(), {"endpoint": "no-such"}
        yield "an unknown endpoint and no secret", 404, fresh(), {"endpoint": "no-such", "secret": None}
        yield "a wrong secret", 401, fresh(), {"secret": "wrong"}
        yield "no secret", 401, fresh(), {"secret": None}
        yield "a wrong signature", 401, fresh(), {**self.signed(b"another"), "endpoint": "signed"}
        yield "a foreign address", 403, fresh(), {"endpoint": "fenced"}
        yield "a foreign address, which alone would prove the sender", 403, fresh(), {"endpoint": "open-fenced"}
        yield "no JSON", 400, b"no JSON " + fresh(), {}
        yield "a body that is too large", 413, fresh(2000), {"endpoint": "small"}
        yield "a large body of a stranger to a scheme that reads it first", 413, fresh(100_000), {"endpoint": "signed"}
        yield "a signature that is old", 503, body, self.signed(body, 4000)

    def everybody_is_asked_to_come_again(self):
        for name, code, body, how in self.deliveries():
            with self.subTest(name):
                for way, answer in (("fastcgi", self.gateway.post(body, **how)), ("cgi", run_cgi(self.place, body, **how))):
                    self.assertEqual((503, "10"), (answer.status, answer.headers.get("retry-after")), f"{way}, else {code}")

    def answered_as_ever(self):
        for name, code, body, how in self.deliveries():
            with self.subTest(name):
                self.assertEqual(code, self.gateway.post(body, **how).status)
                self.assertEqual(code, run_cgi(self.place, body, **how).status)

    def reported(self, problem):
        """A monitor is told the truth, too."""
        how = {"REQUEST_METHOD": "GET", "CONTENT_LENGTH": None}
        for answer in (self.gateway.post(b"", **how), run_cgi(self.place, b"", **how)):
            self.assertEqual((503, problem), (answer.status, json.loads(answer.body)["problem"]))

    def test_there_is_no_final_answer_while_the_spool_is_away(self):
        self.answered_as_ever()
        os.rename(self.place.spool, self.away)
        self.everybody_is_asked_to_come_again()
        self.reported("config")
        os.rename(self.away, self.place.spool)
        self.answered_as_ever()

    def test_there_is_no_final_answer_while_the_spool_has_lost_its_journal(self):
        self.answered_as_ever()
        os.rename(os.path.join(self.place.spool, "log"), self.away)
        self.everybody_is_asked_to_come_again()
        self.reported("config")
        os.rename(self.away, os.path.join(self.place.spool, "log"))
        self.answered_as_ever()

    def test_there_is_no_final_answer_while_others_can_change_the_spool(self):
        os.chmod(self.place.spool, 0o777)
        self.everybody_is_asked_to_come_again()
        self.reported("untrusted")
        os.chmod(self.place.spool, 0o700)
        self.answered_as_ever()
