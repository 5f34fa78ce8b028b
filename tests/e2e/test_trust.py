# SPDX-License-Identifier: MIT
"""What another user of the machine can change is not acted on: configuration, secrets, spool, and what leads to them."""
import contextlib
import os
import pwd
import shutil
import subprocess
import time
import uuid

import layouts
from cases import PlaceCase, for_each_mode, needs_root
from fastcgi import Gateway, run_cgi
from place import HEADER, SECRET, worker
from sender import Sender, transcript

TENANT = "games"


def fresh():
    return transcript(str(uuid.uuid4()))


def tenant(*command):
    """What he can do, done by him, unless the layout keeps him out of the folders above."""
    row = pwd.getpwnam(TENANT)
    who = {"user": row.pw_uid, "group": row.pw_gid, "extra_groups": []} if layouts.chosen() == "plain" else {}
    subprocess.run(command, check=True, **who)


@contextlib.contextmanager
def kept(path):
    """Owner and mode of a path are put back."""
    before = os.stat(path)
    try:
        yield
    finally:
        os.chown(path, before.st_uid, before.st_gid)
        os.chmod(path, before.st_mode & 0o7777)


def open_to_tenant(path):
    os.chown(path, -1, pwd.getpwnam(TENANT).pw_gid)
    os.chmod(path, 0o775)


class Logged:
    def logged(self):
        """All that a server or the gateway logged."""
        text = ""
        for folder in (self.place.run, self.place.spool):
            for name in os.listdir(folder):
                if name.endswith(".log"):
                    with open(os.path.join(folder, name), encoding="utf-8", errors="backslashreplace") as f:
                        text += f.read()
        return text

    @contextlib.contextmanager
    def naming(self, path):
        """Within it, the log gets a line that blames the path."""
        before = self.logged().count(f"{path}: ")
        yield
        self.eventually(lambda: self.logged().count(f"{path}: ") > before, what=f"the log names {path}")


@for_each_mode()
@needs_root
class Behind(Logged):
    """A tenant who shares a group with a folder above, or may write to a file."""

    def post(self, value=SECRET):
        return Sender(value=value).once(self.server.url(), fresh()).status_code

    def refused(self, path):
        with self.naming(path):
            self.assertEqual(503, self.post())

    def tearDown(self):
        self.assertEqual(200, self.post(), "all is well again")

    def test_configuration_that_a_tenant_linked_is_503(self):
        upload = os.path.join(self.place.www, "upload")
        with open(upload, "w", encoding="utf-8") as f:
            f.write(f'spool = "{self.place.spool}"\nendpoint "calls" {{ auth = "none" }}\n')
        os.chmod(upload, 0o644)
        self.place.give(upload)
        with kept(self.place.folder):
            open_to_tenant(self.place.folder)
            tenant("mv", self.place.config, self.place.config + ".away")
            tenant("ln", "-s", upload, self.place.config)
            try:
                with self.naming(self.place.folder):
                    self.assertEqual(503, self.post(value="wrong"))
            finally:
                os.rename(self.place.config + ".away", self.place.config)

    def test_configuration_that_everybody_can_write_is_503(self):
        with kept(self.place.config):
            os.chmod(self.place.config, 0o646)
            self.refused(self.place.config)

    def test_secret_that_others_can_write_is_503(self):
        secret = os.path.join(self.place.secrets, "calls")
        with kept(secret):
            os.chmod(secret, 0o666)
            with self.naming(f"secret file {secret}"):
                self.assertEqual(503, self.post())

    def test_secret_of_another_user_is_503(self):
        secret = os.path.join(self.place.secrets, "calls")
        with kept(secret):
            os.chown(secret, pwd.getpwnam(TENANT).pw_uid, -1)
            os.chmod(secret, 0o644)
            with self.naming(f"secret file {secret}"):
                self.assertEqual(503, self.post())

    def test_secret_that_a_tenant_put_there_is_503(self):
        secret = os.path.join(self.place.secrets, "calls")
        known = os.path.join(self.place.www, "known")
        shutil.copyfile(secret, known)
        self.place.give(known)
        with kept(self.place.secrets):
            open_to_tenant(self.place.secrets)
            tenant("mv", secret, secret + ".away")
            tenant("ln", "-s", known, secret)
            try:
                self.refused(self.place.secrets)
            finally:
                os.rename(secret + ".away", secret)

    def test_spool_that_a_group_can_write_is_503(self):
        with kept(self.place.spool):
            os.chown(self.place.spool, -1, pwd.getpwnam(TENANT).pw_gid)
            os.chmod(self.place.spool, 0o770)
            self.refused(self.place.spool)


@needs_root
class Direct(Logged, PlaceCase):
    """Without a server: what only a new process sees, and what the report says."""

    def both(self):
        yield run_cgi(self.place, fresh())
        gateway = Gateway(self.place)
        try:
            yield gateway.post(fresh())
        finally:
            gateway.stop()

    def all_say(self, status):
        for answer in self.both():
            self.assertEqual(status, answer.status, answer.errors)

    @contextlib.contextmanager
    def spool_below(self):
        """A folder above the spool, for as long."""
        above = os.path.join(self.place.folder, "above")
        os.mkdir(above)
        os.chmod(above, 0o755)
        self.place.give(above)
        spool = self.place.spool
        self.place.spool = os.path.join(above, "spool")
        os.rename(spool, self.place.spool)
        self.place.configure({"calls": {}})
        try:
            yield above
        finally:
            os.rename(self.place.spool, spool)
            self.place.spool = spool
            self.place.configure({"calls": {}})
            os.rmdir(above)

    def test_folder_of_the_spool_that_others_can_write(self):
        with self.spool_below() as above:
            self.all_say(200)
            open_to_tenant(above)
            self.all_say(503)
            report = run_cgi(self.place, REQUEST_METHOD="GET")
            self.assertEqual(503, report.status)
            self.assertIn(f"the spool cannot be trusted: {above}: others can write to it".encode(), report.body)
            os.chmod(above, 0o1777)
            self.all_say(200)

    def test_folder_in_a_spool_that_is_open_to_others(self):
        with kept(self.place.spool):
            os.chmod(self.place.spool, 0o755)
            self.all_say(200)
            for name in ("log", "run", "run/results"):
                path = os.path.join(self.place.spool, name)
                with kept(path):
                    os.chmod(path, 0o777)
                    self.all_say(503)
            self.all_say(200)

    def test_hard_linked_configuration(self):
        """A package manager, a backup or a deployment makes such files; who may put one there is what counts."""
        other = os.path.join(self.place.www, "same")
        os.link(self.place.config, other)
        try:
            self.all_say(200)
            with kept(self.place.folder):
                open_to_tenant(self.place.folder)
                self.all_say(503)
        finally:
            os.unlink(other)

    def test_a_link_of_root_or_ours_is_as_good_as_a_file(self):
        for owner in (0, worker().pw_uid):
            os.rename(self.place.config, self.place.config + ".real")
            os.symlink("stenohook.conf.real", self.place.config)
            try:
                os.lchown(self.place.config, owner, -1)
                self.all_say(200)
                os.lchown(self.place.config, pwd.getpwnam(TENANT).pw_uid, -1)
                self.all_say(503)
            finally:
                os.rename(self.place.config + ".real", self.place.config)

    def test_one_good_secret_is_enough(self):
        bad = self.place.secret_file("bad", "guessed by a tenant\n", 0o666)
        good = os.path.join(self.place.secrets, "calls")
        self.place.configure({"calls": {"secret-files": [bad, good], "auth-header": HEADER}})
        self.all_say(200)
        self.assertEqual(401, run_cgi(self.place, fresh(), secret="guessed by a tenant").status)
        self.place.configure({"calls": {}})

    def test_a_folder_of_another_user_is_logged_once(self):
        with self.spool_below() as above:
            os.chown(above, pwd.getpwnam(TENANT).pw_uid, -1)
            line = f"warning: {above}: belongs to user {pwd.getpwnam(TENANT).pw_uid}, who can change what is in it"
            answers = [run_cgi(self.place, fresh()) for _ in range(3)]
            self.assertEqual([200] * 3, [a.status for a in answers])
            self.assertEqual([1, 0, 0], [a.errors.decode().count(line) for a in answers])
            later = time.time() + 7200
            for at, why in ((0, "after an hour"), (later, "after the clock was set back")):
                os.utime(os.path.join(self.place.spool, "noted"), (at, at))
                self.assertIn(line.encode(), run_cgi(self.place, fresh()).errors, f"again {why}")
            gateway = Gateway(self.place)
            answers = [gateway.post(fresh()) for _ in range(3)]
            gateway.stop()
            self.assertEqual([1, 0, 0], [a.errors.decode().count(line) for a in answers])
            self.assertEqual(4, self.logged().count(line))
            self.assertIn(line, self.place.stenohook("check"))

    def test_a_line_break_in_the_name_of_a_folder_begins_no_line_of_the_log(self):
        above = os.path.join(self.place.folder, "above")
        folder = os.path.join(above, "x\nwarning: forged by a tenant")
        os.makedirs(folder)
        os.rename(self.place.spool, os.path.join(folder, "spool"))
        os.symlink(os.path.join(folder, "spool"), self.place.spool)
        try:
            os.chown(folder, pwd.getpwnam(TENANT).pw_uid, -1)
            for answer in self.both():
                self.assertEqual(200, answer.status)
                told = answer.errors.decode()
                self.assertEqual(1, told.count("x?warning: forged by a tenant: belongs to user"), told)
                self.assertEqual(1, told.count("\n"), told)
            lines = [line for line in self.logged().split("\n") if "forged" in line]
            self.assertEqual([], [line for line in lines if "x?warning: forged" not in line])
        finally:
            os.unlink(self.place.spool)
            os.rename(os.path.join(folder, "spool"), self.place.spool)
            shutil.rmtree(above)

    def test_a_folder_of_another_user_is_refused_if_the_process_is_told_to_be_strict(self):
        with self.spool_below() as above:
            os.chown(above, pwd.getpwnam(TENANT).pw_uid, -1)
            for strict, status in (("yes", 503), ("no", 200)):
                gateway = Gateway(self.place, STENOHOOK_STRICT=strict)
                for answer in (run_cgi(self.place, fresh(), extra={"STENOHOOK_STRICT": strict}), gateway.post(fresh())):
                    self.assertEqual(status, answer.status)
                    self.assertIn(f"{above}: belongs to user ".encode() if strict == "yes" else b"", answer.errors)
                gateway.stop()
            gateway = Gateway(self.place)
            self.assertEqual(200, gateway.post(fresh(), STENOHOOK_STRICT="yes").status, "a request cannot")
            gateway.stop()

    def test_check_names_each_component_and_its_remedy(self):
        secret = os.path.join(self.place.secrets, "calls")
        with kept(secret), kept(self.place.spool):
            os.chmod(secret, 0o666)
            os.chmod(self.place.spool, 0o777)
            found = self.place.stenohook("check", ok=(1,))
            self.assertIn(f"{secret}: others can write to it; run: chmod go-w {secret}\n", found)
            self.assertIn(f"{self.place.spool}: others can write to it; run: chmod go-w {self.place.spool}\n", found)
        with kept(self.place.folder):
            open_to_tenant(self.place.folder)
            found = self.place.stenohook("check", ok=(1, 3))
            self.assertIn(f"the configuration cannot be trusted: {self.place.folder}: others can write to it", found)
            self.assertIn(f"run: chmod g-w {self.place.folder}", found)

    def test_a_secret_that_others_can_only_read_is_a_warning(self):
        secret = os.path.join(self.place.secrets, "calls")
        with kept(secret):
            os.chmod(secret, 0o644)
            self.all_say(200)
        self.assertIn("others can read it", self.logged())
