# SPDX-License-Identifier: MIT
"""The command line: init, check, list, show, verify on spools that the gateway has filled."""
import json
import os
import pwd
import re
import stat
import subprocess
import unittest

from cases import PlaceCase, needs_root
from fastcgi import run_cgi
from place import HEADER, SECRET, Place, as_worker, worker
from sender import transcript


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class CliCase(PlaceCase):
    def cli(self, *args, config=None, code=0, **how):
        """Exit code checked; stdout and stderr as text."""
        how = {"env": self.place.env(), "cwd": "/", **how}
        command = [self.place.cli, *(["--config", config] if config else []), *args]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60, **how)
        self.assertEqual(code, done.returncode, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout.decode(), done.stderr.decode()

    def post(self, body, **how):
        answer = run_cgi(self.place, body, **how)
        self.assertIn(b"Status: 200", answer.raw)
        return json.loads(answer.raw.split(b"\r\n\r\n", 1)[1])["id"]


class Init(CliCase):
    def setUp(self):
        self.base = os.path.join(self.place.folder, self._testMethodName)
        self.config = os.path.join(self.base, "etc", "stenohook.conf")
        self.spool = os.path.join(self.base, "lib", "spool")
        os.mkdir(self.base, 0o755)
        os.chmod(self.base, 0o755)
        if os.geteuid() != 0:
            self.place.give(self.base)

    def init(self, *args, **how):
        return self.cli("init", "--user", worker().pw_name, *args, config=self.config, **how)

    def values(self, text):
        return dict(line.split(" ", 1) for line in text.splitlines())

    def test_makes_what_a_gateway_needs_and_tells_the_sender_s_part(self):
        told, said = self.init("--spool", self.spool, "--url", "https://example.com/x/calls", "--endpoint", "calls")
        values = self.values(told)
        self.assertEqual("https://example.com/x/calls", values["webhook_url"])
        self.assertEqual("X-Webhook-Secret", values["webhook_auth_header_name"])
        self.assertRegex(values["webhook_auth_header_value"], r"\A[A-Za-z0-9_-]{43}\Z")
        self.assertEqual((self.config, self.spool), (values["configuration"], values["spool"]))
        with open(values["secret_file"], encoding="ascii") as f:
            self.assertEqual(values["webhook_auth_header_value"] + "\n", f.read())
        self.assertEqual(0o600, mode(values["secret_file"]))
        self.assertEqual(0o700, mode(self.spool))
        self.assertEqual(worker().pw_uid, os.stat(values["secret_file"]).st_uid)
        self.assertEqual(worker().pw_uid, os.stat(self.spool).st_uid)
        self.assertEqual(0 if os.geteuid() == 0 else worker().pw_uid, os.stat(self.config).st_uid)
        self.assertEqual(0, mode(self.config) & 0o027)
        self.assertNotIn(values["webhook_auth_header_value"], said)
        self.cli("check", config=self.config)

    def test_a_gateway_with_that_configuration_records(self):
        told, _ = self.init("--spool", self.spool, "--endpoint", "calls")
        answer = run_cgi(self.place, transcript(), secret=self.values(told)["webhook_auth_header_value"],
                         extra={"STENOHOOK_CONFIG": self.config})
        self.assertIn(b"Status: 200", answer.raw)
        self.assertIn("completed", self.cli("list", config=self.config)[0])

    def test_again_changes_nothing_and_tells_the_same(self):
        told, _ = self.init("--spool", self.spool)
        before = [(p, os.stat(p).st_mtime_ns, os.stat(p).st_ino) for p in self.files()]
        again, said = self.init()
        self.assertEqual(told, again)
        self.assertEqual(before, [(p, os.stat(p).st_mtime_ns, os.stat(p).st_ino) for p in self.files()])
        self.assertIn("left as it is", said)

    def files(self):
        return sorted(os.path.join(d, f) for d, _, names in os.walk(self.base) for f in names)

    def test_completes_what_is_missing(self):
        told, _ = self.init("--spool", self.spool)
        secret = self.values(told)["secret_file"]
        os.unlink(secret)
        os.unlink(os.path.join(self.spool, "format"))
        os.rmdir(os.path.join(self.spool, "idx"))
        told, _ = self.init()
        with open(secret, encoding="ascii") as f:
            self.assertEqual(self.values(told)["webhook_auth_header_value"] + "\n", f.read())
        self.assertEqual(0o600, mode(secret))
        self.cli("verify", config=self.config)

    def test_a_configuration_that_was_written_by_hand_gets_its_secret_and_spool(self):
        os.makedirs(os.path.dirname(self.config), 0o755)
        with open(self.config, "w", encoding="ascii") as f:
            f.write(f'spool = "{self.spool}"\nendpoint "calls" {{\n    auth-header = "X-Mine"\n'
                    '    secret-files = {"my.secret", "old.secret"}\n}\n')
        os.chmod(self.config, 0o644)
        values = self.values(self.init()[0])
        self.assertEqual("X-Mine", values["webhook_auth_header_name"])
        self.assertEqual(os.path.join(os.path.dirname(self.config), "my.secret"), values["secret_file"])
        self.assertTrue(os.path.exists(values["secret_file"]))
        self.assertEqual(self.spool, values["spool"])
        self.cli("verify", config=self.config)

    def by_hand(self, *endpoints):
        os.makedirs(os.path.dirname(self.config), 0o755)
        with open(self.config, "w", encoding="ascii") as f:
            f.write(f'spool = "{self.spool}"\n')
            for name, keys in endpoints:
                f.write(f'endpoint "{name}" {{\n{keys}\n}}\n')
        os.chmod(self.config, 0o644)

    def test_of_several_endpoints_each_gets_its_secret_and_is_printed(self):
        self.by_hand(("one", 'url = "https://example.com/one"\nauth-header = "X-One"\nsecret-files = {"one.secret"}'),
                     ("two", 'auth = "aai-signature"\nsecret-files = {"two.secret"}'),
                     ("open", 'auth = "none"'))
        told, said = self.init()
        one, two, three = (self.values(block) for block in told.split("\n\n"))
        self.assertEqual(["one", "two", "open"], [block["endpoint"] for block in (one, two, three)])
        self.assertEqual(("https://example.com/one", "X-One"), (one["webhook_url"], one["webhook_auth_header_name"]))
        for block, value in ((one, "webhook_auth_header_value"), (two, "secret")):
            with open(block["secret_file"], encoding="ascii") as f:
                self.assertEqual(block[value] + "\n", f.read())
            self.assertNotIn(block[value], said)
        self.assertNotIn("secret_file", three)
        self.cli("verify", config=self.config)
        self.assertEqual(told, self.init()[0])
        self.assertEqual([two], [self.values(block) for block in self.init("--endpoint", "two")[0].split("\n\n")])

    def test_an_endpoint_that_is_not_there_is_not_added_in_silence(self):
        self.by_hand(("one", 'auth-header = "X-One"\nsecret-files = {"one.secret"}'))
        told, said = self.init("--endpoint", "two", "--header", "X-Two", code=2)
        self.assertEqual("", told)
        self.assertIn('there is no endpoint "two" in ', said)
        self.assertIn("init does not change a configuration: add it there", said)
        self.assertEqual([os.path.dirname(self.config)], [os.path.join(self.base, n) for n in os.listdir(self.base)])

    def test_an_option_that_would_be_ignored_is_refused(self):
        self.by_hand(("one", 'url = "https://example.com/1"\nauth-header = "X-One"\nsecret-files = {"one.secret"}'))
        for option, other, same in (("--url", "https://example.com/2", "https://example.com/1"),
                                    ("--header", "X-Two", "X-One")):
            told, said = self.init(option, other, code=2)
            self.assertEqual("", told)
            self.assertRegex(said, rf'^stenohook: {option}: init does not change a configuration.* = "{same}": change it')
            self.assertEqual(["stenohook.conf"], os.listdir(os.path.dirname(self.config)))
        self.init("--header", "X-One", "--url", "https://example.com/1")

    def test_the_environment_names_the_configuration_as_for_every_command(self):
        env = self.place.env(STENOHOOK_CONFIG=self.config)
        told, _ = self.cli("init", "--user", worker().pw_name, "--spool", self.spool, env=env)
        self.assertEqual(self.config, self.values(told)["configuration"])
        self.cli("verify", env=env)
        self.cli("init", "--user", worker().pw_name, env=self.place.env(STENOHOOK_CONFIG="etc/x.conf"), code=3)

    def test_another_spool_than_the_configuration_s_is_refused(self):
        self.init("--spool", self.spool)
        _, said = self.init("--spool", self.spool + "2", code=2)
        self.assertIn("remove --spool", said)
        self.assertFalse(os.path.exists(self.spool + "2"))

    def test_a_value_that_cannot_be_is_refused_before_anything_is_made(self):
        for wrong in (("--endpoint", "a b"), ("--header", "X_Y"), ("--url", "notaurl"), ("--spool", "/a\nb")):
            with self.subTest(wrong=wrong):
                told, said = self.init("--spool", self.spool, *wrong, code=2)
                self.assertEqual("", told)
                self.assertTrue(said.startswith(f"stenohook: {wrong[0]}: "), said)
                self.assertNotIn(self.config, said)
                self.assertEqual([], os.listdir(self.base))

    def test_an_empty_secret_is_not_taken(self):
        os.makedirs(os.path.dirname(self.config), 0o755)
        with open(os.path.join(os.path.dirname(self.config), "secret"), "w", encoding="ascii"):
            pass
        told, _ = self.init("--spool", self.spool, code=3)
        self.assertEqual("", told)

    def test_users(self):
        if os.geteuid() != 0:
            self.cli("init", "--user", "root", config=self.config, code=2)
            return
        self.assertIn("--user", self.cli("init", config=self.config, code=2)[1])
        self.cli("init", "--user", "root", config=self.config, code=2)
        self.cli("init", "--user", "no-such-user", config=self.config, code=2)
        self.cli("init", "--user", "root", config=self.config, code=2, **as_worker())
        self.assertEqual([], os.listdir(self.base))

    def test_an_ordinary_user_has_it_in_his_home(self):
        """Where that is the home of this machine's worker, nothing is to be made: only the words are looked at."""
        home = pwd.getpwuid(worker().pw_uid).pw_dir
        place = Place()
        self.addCleanup(place.remove)
        config = os.path.join(place.run, "deep", "er", "stenohook.conf")
        told, _ = self.cli("init", "--spool", os.path.join(place.run, "spool"), config=config, **as_worker())
        self.assertEqual(0o700, mode(os.path.dirname(config)))
        self.assertEqual(0o600, mode(config))
        self.assertEqual(worker().pw_uid, os.stat(config).st_uid)
        self.assertNotIn(home, told)


class Check(CliCase):
    def setUp(self):
        super().setUp()
        self.place.write_config(self.place.good)
        self.place.secret_file("calls")
        os.chmod(self.place.spool, 0o700)

    def findings(self, code, *args):
        return self.cli("check", *args, code=code)[0].splitlines()

    def one(self, code, pattern):
        found = self.findings(code)
        self.assertTrue(any(re.search(pattern, line) for line in found), found)

    def test_a_good_installation_has_no_findings(self):
        self.assertEqual([], self.findings(0))
        self.assertTrue(all(line.startswith("ok: ") for line in self.findings(0, "-v")))

    def test_a_broken_configuration_is_exit_3(self):
        self.place.write_config(self.place.good + "frob = 1\n")
        self.assertRegex(self.findings(3)[0], r"^error: .*stenohook\.conf:\d+: .*frob")
        self.assertTrue(self.cli("check", config="/nonexistent", code=3)[0].startswith("error: "))

    def test_secrets(self):
        path = self.place.secret_file("calls", mode=0o644)
        self.one(1, "^error: .*calls.*" + re.escape(path))
        os.unlink(path)
        self.one(1, '^error: endpoint "calls" has no usable secret')
        other = self.place.secret_file("other")
        text = self.place.good.replace(f'{{"{path}"}}', f'{{"{path}", "{other}"}}')
        self.assertNotEqual(text, self.place.good)
        self.place.write_config(text)
        self.one(0, "^warning: .*" + re.escape(path))

    def test_a_secret_that_can_be_guessed_is_an_error_and_a_warning_of_the_gateway_which_serves(self):
        for keys, short, enough in (({"auth-header": HEADER}, "s" * 15, "s" * 16),
                                    ({"auth-query": "token"}, "s" * 15, "s" * 16),
                                    ({"auth": "standard-webhooks"}, "whsec_MTIzNDU2Nzg5MDEyMzQ1",
                                     "whsec_MTIzNDU2Nzg5MDEyMzQ1Ng==")):
            self.place.configure({"calls": {**keys, "secret": short}})
            path = re.escape(self.place.secret_file("calls", short))
            self.one(1, f'^error: endpoint "calls": secret file {path}: can be guessed .got 15 bytes of key, '
                        "expected at least 16.; put a longer one there")
            self.place.secret_file("calls", enough)
            self.assertNotIn("guessed", self.cli("check")[0])
        self.place.configure({"calls": {"secret": "guess"}})
        self.post(transcript("guessed"), secret="guess")
        with open(os.path.join(self.place.spool, "stenohook.log"), encoding="utf-8") as f:
            self.assertRegex(f.read(), r'warning: endpoint "calls": secret file \S+: can be guessed .got 5 bytes')

    def test_the_spool(self):
        os.chmod(self.place.spool, 0o755)
        self.one(1, "^error: the spool .* is open to others: chmod 700")
        self.place.write_config(self.place.good.replace(self.place.spool, self.place.spool + "-not-there"))
        self.one(1, "^error: there is no spool at .*: run stenohook init")

    def test_what_check_says_of_the_spool_s_mode_the_gateway_logs(self):
        for mode_ in (0o755, 0o770, 0o775):
            os.chmod(self.place.spool, mode_)
            self.one(1, "^error: the spool .* is open to others: chmod 700")
            log = os.path.join(self.place.spool, "stenohook.log")
            if os.path.exists(log):
                os.unlink(log)
            self.post(transcript(f"mode-{mode_:o}"))
            with open(log, encoding="utf-8") as f:
                self.assertRegex(f.read(), "warning: the spool .* is open to others: chmod 700")

    def test_an_open_endpoint_is_warned_of_once(self):
        self.place.write_config(f'spool = "{self.place.spool}"\n' +
                                "".join(self.place.endpoint_text(n, {"auth": "none"}) for n in ("one", "two")))
        found = self.findings(0)
        self.assertEqual(2, len(found), found)
        for name, line in zip(("one", "two"), found):
            self.assertRegex(line, f'^warning: endpoint "{name}": anybody can deliver')

    def test_what_an_endpoint_without_url_cannot_be_used_for_is_said(self):
        _, said = self.cli("check")
        self.assertRegex(said, '(?m)^note: endpoint "calls" has no url: .*reconcile')
        self.place.write_config(self.place.good.replace("auth-header", 'url = "https://example.com/hook/calls"\n    auth-header'))
        self.assertEqual("everything is in order\n", self.cli("check")[1])

    def test_space(self):
        self.place.write_config('free-space-min = "1024G"\n' + self.place.good)
        self.one(1, "^error: .* MiB free, less than free-space-min")

    def test_a_spool_among_the_files_of_the_web_server(self):
        place = Place(spool=os.path.join(self.place.folder, "public_html", "spool"))
        self.addCleanup(place.remove)
        self.assertIn("warning: the spool ", self.cli("check", config=place.config)[0])

    def hook(self, path):
        self.place.write_config(self.place.good.replace("auth-header", f'hook = {{"{path}"}}\n    auth-header'))

    def test_hooks(self):
        path = os.path.join(self.place.folder, "hook")
        self.hook(path)
        self.one(1, "^error: the hook .* cannot be found")
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n")
        os.chmod(path, 0o644)
        self.one(1, "^error: the hook .* cannot be run")
        os.chmod(path, 0o757)
        self.one(1, "^error: the hook .* cannot be trusted: .*: others can write to it")
        os.chmod(path, 0o755)
        self.assertEqual([], self.findings(0))

    def test_a_hook_needs_the_runner(self):
        path = os.path.join(self.place.folder, "ready")
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n")
        os.chmod(path, 0o755)
        self.hook(path)
        self.place.write_config(f'runner = "{self.place.folder}/none"\n' + self.place.read_config())
        self.one(1, "^error: hooks cannot be run: .*/none cannot be found")
        os.chmod(self.place.runner, 0o757)
        self.addCleanup(os.chmod, self.place.runner, 0o755)
        self.hook(path)
        self.one(1, "^error: hooks cannot be run: .*stenohook-run cannot be trusted: .*: others can write to it")


class Unproved(CliCase):
    def test_all_is_in_order_only_when_the_gateway_has_found_the_runner(self):
        path = os.path.join(self.place.folder, "ready")
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n")
        os.chmod(path, 0o755)
        self.place.configure({"calls": {"hook": [path]}})
        told, said = self.cli("check")
        self.assertEqual("", told)
        self.assertIn(f"note: the gateway has not looked for the runner yet, and finds {self.place.runner} only if", said)
        self.assertNotIn("everything is in order", said)
        self.post(transcript("ready"))
        self.assertIn("everything is in order", self.cli("check")[1])


class Reading(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = []

    def setUp(self):
        if not self.ids:
            for number, status in enumerate(["completed", "error", "completed"]):
                self.ids.append(self.post(transcript(f"tr-{number}", status)))
            self.ids.append(self.post(transcript("tr-1", "completed")))
            self.ids.append(self.post(b'{"session_id":"se-1","messages":[]}', query="customer=7"))
            self.ids.append(self.post(b'{"odd": "\xff\x7f\xc2\x9b31m"}'))

    def listed(self, *args):
        return [json.loads(line)["id"] for line in self.cli("list", "--format", "json", *args)[0].splitlines()]

    def test_list_is_in_order_and_each_filter_works(self):
        self.assertEqual(self.ids, self.listed())
        self.assertEqual(self.ids, re.findall(r"\[(\d+:\d+)\]", self.cli("list")[0]))
        self.assertEqual([self.ids[1]], self.listed("--status", "error"))
        self.assertEqual(self.ids[:4], self.listed("--kind", "transcript"))
        self.assertEqual(self.ids[4:], self.listed("--kind", "streaming,unknown"))
        self.assertEqual([], self.listed("--endpoint", "other"))
        self.assertEqual(self.ids, self.listed("--since", "1h"))
        self.assertEqual([], self.listed("--until", "1h"))
        for n in range(1, len(self.ids) + 3):
            self.assertEqual(self.ids[-n:], self.listed("-n", str(n)))
        self.assertEqual([self.ids[2], self.ids[3]], self.listed("--status", "completed", "--last", "2"))

    def test_json_has_the_record_without_its_body(self):
        lines = [json.loads(line) for line in self.cli("list", "--format", "json")[0].splitlines()]
        for told, record in zip(lines, self.journal()):
            body = record.pop("body", None)
            if body is None:
                body = record.pop("body_base64")
            else:
                self.assertEqual(len(body.encode()), told["bytes"])
            del record["crc"], told["bytes"]
            self.assertEqual(("event", "none", 0), (told.pop("type"), told.pop("hook"), told.pop("attempts")))
            self.assertEqual(record, told)

    def test_show_by_id_by_subject_and_by_beginning(self):
        self.assertIn("tr-0", self.cli("show", self.ids[0])[0])
        self.assertEqual(transcript("tr-0"), self.cli("show", "--raw", "tr-0")[0].encode())
        self.assertEqual('{"session_id":"se-1","messages":[]}', self.cli("show", "--raw", "se")[0])
        told = self.cli("show", "tr-1")[0]
        self.assertTrue(all(i in told for i in (self.ids[1], self.ids[3])), told)
        self.assertEqual("calls", json.loads(self.cli("show", "--format", "json", self.ids[4])[0])["endpoint"])

    def test_show_of_what_is_not_one_event_fails_and_says_which_there_are(self):
        for args in (("tr-",), ("--raw", "tr-1")):
            told, said = self.cli("show", *args, code=1)
            self.assertEqual("", told)
            self.assertIn(self.ids[1], said)
            self.assertRegex(said, r"'tr-1?' matches [24] events: give one of these ids")
        for wanted in ("nobody", "1:1", "9:9", "tr-11"):
            self.assertEqual("", self.cli("show", wanted, code=1)[0])

    def test_show_names_at_most_fifty_candidates(self):
        place = Place()
        self.addCleanup(place.remove)
        for number in range(50):
            run_cgi(place, transcript(f"many-{number}"))
        said = self.cli("show", "many-", config=place.config, code=1)[1]
        self.assertEqual(51, said.count("\n"), said)
        run_cgi(place, transcript("many-50"))
        said = self.cli("show", "many-", config=place.config, code=1)[1]
        self.assertIn("\nand 1 more\n", said)
        self.assertEqual(52, said.count("\n"), said)
        self.assertIn("many-50", self.cli("show", "many-50", config=place.config)[0])

    def test_bytes_of_a_sender_reach_a_terminal_only_when_raw(self):
        told = self.cli("show", self.ids[5])[0]
        self.assertNotIn("\x7f", told)
        self.assertNotIn("\x9b", told)
        done = subprocess.run([self.place.cli, "show", "--raw", self.ids[5]], env=self.place.env(), cwd="/",
                              capture_output=True, check=True)
        self.assertEqual(b'{"odd": "\xff\x7f\xc2\x9b31m"}', done.stdout)

    def test_verify_tells_damage_from_a_write_that_was_cut_off(self):
        place = Place()
        self.addCleanup(place.remove)
        run_cgi(place, transcript("one"))
        path = os.path.join(place.spool, "log", "00000001.jsonl")
        with open(path, "ab") as f:
            f.write(b'{"key":"calls tr')
        run_cgi(place, transcript("two"))
        told = self.cli("verify", config=place.config)[0]
        self.assertRegex(told, r"(?m)^torn 1:\d+ ")
        self.assertIn("1 segment, 2 records, ", told)
        with open(path, "r+b") as f:
            f.seek(200)
            byte = f.read(1)
            f.seek(200)
            f.write(bytes([byte[0] ^ 1]))
        told, said = self.cli("verify", config=place.config, code=1)
        self.assertRegex(told, r"(?m)^rotten 1:\d+ .*: ")
        self.assertIn("backup", said)
        self.assertIn("verify", self.cli("list", config=place.config, code=1)[1])

    def test_a_full_or_closed_output_is_exit_4(self):
        for args in (("list",), ("show", self.ids[0]), ("verify",), ("--help",)):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([self.place.cli, *args], env=self.place.env(), cwd="/", stdout=full,
                                      stderr=subprocess.PIPE, check=False)
            self.assertEqual(4, done.returncode, done.stderr)
            read, write = os.pipe()
            os.close(read)
            done = subprocess.run([self.place.cli, *args], env=self.place.env(), cwd="/", stdout=write,
                                  stderr=subprocess.PIPE, check=False)
            os.close(write)
            self.assertEqual(4, done.returncode, done.stderr)

    def test_nobody_but_owner_and_root_may_look(self):
        self.cli("list", **as_worker())
        if os.geteuid() != 0:
            return  # only root can be somebody else
        nobody = pwd.getpwnam("nobody")
        told, said = self.cli("list", code=3, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        self.assertEqual("", told)
        self.assertIn("belongs to user", said)

    @needs_root
    def test_who_may_not_read_the_configuration_is_told_whose_it_is(self):
        nobody = pwd.getpwnam("nobody")
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        folder = self.place.worker_folder(os.path.join(self.place.base, "private"), 0o755)
        config = os.path.join(folder, "x.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write(self.place.good)
        os.chmod(config, 0o600)
        self.place.give(config)
        for mode_of_folder in (0o755, 0o700):
            os.chmod(folder, mode_of_folder)
            self.assertIn(f"Permission denied; it belongs to user {worker().pw_uid}: use sudo",
                          self.cli("list", config=config, code=3, **who)[1])

    def test_what_root_runs_leaves_nothing_that_the_owner_cannot_use(self):
        self.cli("verify")
        for folder, _, names in os.walk(self.place.spool):
            for name in names:
                self.assertEqual(worker().pw_uid, os.stat(os.path.join(folder, name)).st_uid, name)

    def test_as_a_cgi_program_it_refuses(self):
        for name in ("REQUEST_METHOD", "GATEWAY_INTERFACE"):
            told, said = self.cli("list", code=2, env=self.place.env(**{name: "x"}))
            self.assertEqual("", told)
            self.assertEqual(1, said.count("\n"))
            self.assertNotIn(SECRET, said)


if __name__ == "__main__":
    unittest.main()
