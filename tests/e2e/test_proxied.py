# SPDX-License-Identifier: MIT
"""Behind Apache as a proxy in front of each server: whose word on the client's address counts, in every spelling."""
import http.client
import itertools
import os
import uuid

from cases import PlaceCase, for_each_mode
from fastcgi import Connection, Gateway, request_env, run_cgi
from place import HEADER, SECRET, Process, free_port, need, wait_until
from sender import transcript
from servers import apache_user

ALLOWED = "44.238.19.20"
CLIENT = "127.0.0.2"
PROXY = "127.0.0.1"
# lighttpd makes one variable of them all, Apache drops those that are not the first.
SPELLINGS = ("X-Forwarded-For", "X_Forwarded_For", "X.Forwarded.For", "x-forwarded_for")

ENDPOINTS = {
    "open": {"auth": "none", "allow-from": [ALLOWED], "trusted-proxies": [PROXY]},
    "secret": {"allow-from": [ALLOWED], "trusted-proxies": [PROXY]},
    "client": {"auth": "none", "allow-from": [CLIENT], "trusted-proxies": [PROXY]},
    "calls": {},
}

FRONT = """
ServerRoot /usr/lib/apache2
DefaultRuntimeDir {run}
PidFile {run}/front.pid
ServerName localhost
Listen 127.0.0.1:{port}
ErrorLog {run}/front-error.log
{user}
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_http_module modules/mod_proxy_http.so
ProxyPass / http://127.0.0.1:{behind}/
"""


def fresh():
    return transcript(str(uuid.uuid4()))


def pairs_of(names, values):
    """Each two names, in both orders, with those values."""
    for pair in itertools.permutations(names, 2):
        yield list(zip(pair, values))


@for_each_mode()
class Proxied:
    endpoints = ENDPOINTS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need("apache2")
        cls.port = free_port()
        main = os.path.join(cls.place.folder, "front.conf")
        with open(main, "w", encoding="utf-8") as f:
            f.write(FRONT.format(run=cls.place.run, port=cls.port, behind=cls.server.port, user=apache_user()))
        front = Process(["apache2", "-DFOREGROUND", "-f", main], os.path.join(cls.place.run, "front.log"))
        cls.addClassCleanup(front.stop)
        wait_until(cls.answers, 15, "the proxy answers")

    @classmethod
    def answers(cls):
        try:
            return cls.post("calls", [], b"") == 401
        except OSError:
            return False

    @classmethod
    def post(cls, endpoint, headers, body=None):
        body = fresh() if body is None else body
        connection = http.client.HTTPConnection("127.0.0.1", cls.port, timeout=20, source_address=(CLIENT, 0))
        connection.putrequest("POST", cls.server.path(endpoint), skip_accept_encoding=True)
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def test_the_address_that_the_proxy_saw_counts(self):
        self.assertEqual(200, self.post("client", []))
        self.assertEqual(200, self.post("client", [("X-Forwarded-For", "192.0.2.1")]))
        self.assertEqual(403, self.post("open", []))

    def test_no_spelling_of_the_client_beats_the_proxy(self):
        for endpoint, more in (("open", []), ("secret", [(HEADER, SECRET)])):
            for name in SPELLINGS:
                self.assertEqual(403, self.post(endpoint, [(name, ALLOWED), *more]), name)
                dropped = [("Connection", "X-Forwarded-For"), (name, ALLOWED)]
                self.assertEqual(403, self.post(endpoint, [*dropped, *more]), name)
            for two in pairs_of(SPELLINGS, ("192.0.2.1", ALLOWED)):
                self.assertEqual(403, self.post(endpoint, [*two, *more]), two)
                self.assertEqual(403, self.post(endpoint, [*reversed(two), *more]), two)

    def test_a_second_spelling_costs_only_the_client_himself(self):
        status = self.post("client", [("X_Forwarded_For", CLIENT)])
        self.assertEqual(403 if self.server.kind == "lighttpd" else 200, status)

    def test_no_spelling_makes_a_published_address_of_another(self):
        for two in pairs_of(SPELLINGS, ("192.0.2.1", ALLOWED)):
            body = fresh()
            self.assertEqual(401, self.post("secret", [*two, (HEADER, "wrong")], body))
            self.assertEqual([False], [h["published"] for h, kept in self.box("refused") if kept == body], two)

    def test_the_secret_has_one_spelling_at_a_time(self):
        names = (HEADER, HEADER.replace("-", "_"), HEADER.replace("-", "."), HEADER.replace("-", "_", 1))
        for name in names:
            alias = self.server.kind == "lighttpd" or name == HEADER
            self.assertEqual(200 if alias else 401, self.post("calls", [(name, SECRET)]), name)
            self.assertEqual(401, self.post("calls", [(name, "wrong")]), name)
        for two in pairs_of(names, (SECRET, "wrong")):
            # Apache drops the second spelling, so that only one is left.
            alone = self.server.kind == "apache" and two[0][0] == HEADER
            for headers in (two, list(reversed(two))):
                self.assertEqual(200 if alone else 401, self.post("calls", headers), headers)


class Unserved(PlaceCase):
    """What no server would join or drop."""

    endpoints = ENDPOINTS

    def test_two_variables_are_no_address(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        for endpoint, secret in (("open", None), ("secret", SECRET)):
            for values, status in (((ALLOWED,), 200), (("192.0.2.1", ALLOWED), 403), ((ALLOWED, ALLOWED), 403),
                                   (("", ALLOWED), 403), ((ALLOWED, ""), 403)):
                body = fresh()
                env = request_env(endpoint, body, secret=secret, REMOTE_ADDR=PROXY)
                connection = Connection(gateway.path)
                connection.begin([*env.items(), *(("HTTP_X_FORWARDED_FOR", v) for v in values)])
                connection.body(body)
                connection.end_body()
                self.assertEqual(status, connection.answer().status, (endpoint, values))
                connection.close()


class Refused(PlaceCase):
    """The box of refused deliveries goes by the client's address as well, not by that of the proxy before him."""

    endpoints = ENDPOINTS
    settings = {"refused_max": "1M", "threads": 2}

    def setUp(self):
        self.gateway = Gateway(self.place)
        self.addCleanup(self.gateway.stop)

    def kept(self, client, body, cgi=False):
        """What the box has of a delivery with a wrong secret that came through the proxy."""
        how = {"endpoint": "secret", "secret": "wrong", "REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": client}
        answer = run_cgi(self.place, body, **how) if cgi else self.gateway.post(body, **how)
        self.assertEqual(401, answer.status)
        return [head for head, kept in self.box("refused") if kept == body]

    def test_a_published_address_behind_the_proxy_is_known_as_that(self):
        for cgi in (False, True):
            self.assertEqual([True], [h["published"] for h in self.kept(ALLOWED, fresh(), cgi)])
            self.assertEqual([False], [h["published"] for h in self.kept("192.0.2.1", fresh(), cgi)])

    def test_a_flood_through_the_proxy_takes_nothing_from_other_clients(self):
        others = {f"198.51.{n}.7": b"%d " % n + fresh() for n in range(100, 104)}
        for client, body in others.items():
            self.assertEqual(1, len(self.kept(client, body)))
        # Of the box, a network has a tenth, and 128 KiB at least; then each entry replaces another of the same network.
        for n in range(100):
            self.kept("192.0.2.1", b"%d " % n + fresh() + b"x" * 4000)
        entries = self.box("refused")
        self.assertLess(len(entries), 50, "the flood has more than its share")
        self.assertEqual([], [body for body in others.values() if body not in [kept for _, kept in entries]])
