# SPDX-License-Identifier: MIT
"""Which addresses reach an endpoint, and whether a rule of the web server for one of them can be evaded."""
import http.client
import os
import uuid

from cases import PlaceCase, ServerCase, for_each_mode
from sender import transcript
from servers import Server

ENDPOINTS = {"default": {"auth": "none"}, "open": {"auth": "none"}, "calls": {"auth": "none"}}
# After the prefix. Each means the endpoint "open" to somebody.
DETOURS = ("/x/open", "/calls/open", "/open/open", "//open", "///open", "/./open", "/calls/../open", "/calls/..%2fopen",
           "/calls%2f..%2fopen", "/%2e%2e/x/open", "/%6fpen", "/open/", "/open//", "/open/.", "/open%2f", "/open;/open",
           "/x/../open", "%2fopen", "/\\open", "/x\\open", "/open%00", "/open%0a")

RULES = {
    "apache": 'Include {shipped}\n<LocationMatch "^{prefix}/open(/|$)">\n    Require all denied\n</LocationMatch>\n',
    "lighttpd": 'server.modules += ( "mod_access" )\ninclude "{shipped}"\n'
                '$HTTP["url"] =~ "^{prefix}/open(/|$)" {{ url.access-deny = ( "" ) }}\n',
}


class Paths:
    endpoints = ENDPOINTS

    def post(self, path):
        """The status, and the endpoint of what was recorded."""
        subject = str(uuid.uuid4())
        body = transcript(subject)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        connection.putrequest("POST", path, skip_accept_encoding=True)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        status = connection.getresponse().status
        connection.close()
        return status, [r["endpoint"] for r in self.found(subject)]


@for_each_mode()
class Shipped(Paths):
    def test_a_name_or_none_follows_the_prefix(self):
        self.assertEqual((200, ["open"]), self.post(self.server.path("open")))
        self.assertEqual((200, ["default"]), self.post(self.server.prefix))
        self.assertEqual((200, ["default"]), self.post(self.server.prefix + "/"))

    def test_more_than_a_name_is_404_and_kept_under_what_was_asked_for(self):
        for path, name in (("/x/open", "x/open"), ("/calls/open", "calls/open"), ("/open/", "open/")):
            self.assertEqual((404, []), self.post(self.server.prefix + path), path)
            self.assertEqual(1, len(self.box("refused", name)), path)


@for_each_mode()
class Ruled(Paths):
    """The shipped file, and a rule of the web server that closes one endpoint."""

    @classmethod
    def setUpClass(cls):
        super(ServerCase, cls).setUpClass()
        cls.server = Server(cls.mode, cls.place, start=False)
        rules = os.path.join(cls.place.folder, "rules.conf")
        with open(rules, "w", encoding="utf-8") as f:
            f.write(RULES[cls.server.kind].format(shipped=cls.server.shipped, prefix=cls.server.prefix))
        cls.server.shipped = rules
        cls.server.begin()
        cls.addClassCleanup(cls.server.stop)

    def test_no_detour_leads_past_the_rule(self):
        self.assertEqual((403, []), self.post(self.server.path("open")))
        self.assertEqual((200, ["calls"]), self.post(self.server.path("calls")))
        for path in DETOURS:
            status, recorded = self.post(self.server.prefix + path)
            self.assertNotIn("open", recorded, path)
            self.assertNotEqual(200, status, path)
            self.assertLess(status, 500, path)


PROXY_PASS = """
{directive}
<Location /hook/open>
    Require all denied
</Location>
"""


class ProxyPass(Paths, PlaceCase):
    """Without PATH_INFO the last part of the path decides: only the whole path is safe to ask for."""

    def serve(self, directive):
        server = Server("apache-proxy-fcgi", self.place, start=False)
        directive = directive.format(socket=server.socket)
        server.shipped = os.path.join(self.place.folder, "pass.conf")
        with open(server.shipped, "w", encoding="utf-8") as f:
            f.write(PROXY_PASS.format(directive=directive))
        server.begin()
        self.addCleanup(server.stop)
        self.server = server

    def test_the_last_part_names_the_endpoint(self):
        self.serve('ProxyPass "/hook" "unix:{socket}|fcgi://localhost/hook"')
        self.assertEqual((200, ["calls"]), self.post("/hook/calls"))
        self.assertEqual((403, []), self.post("/hook/open"))
        self.assertEqual((200, ["open"]), self.post("/hook/x/open"))
        self.assertEqual((200, ["default"]), self.post("/hook/calls/"))

    def test_a_rule_for_the_whole_path_cannot_be_evaded(self):
        self.serve('ProxyPassMatch "^/hook/[A-Za-z0-9_-]+$" "unix:{socket}|fcgi://localhost"')
        self.assertEqual((200, ["calls"]), self.post("/hook/calls"))
        for path in ("/open", *DETOURS):
            status, recorded = self.post("/hook" + path)
            self.assertEqual([], recorded, path)
            self.assertIn(status, range(400, 500), path)
