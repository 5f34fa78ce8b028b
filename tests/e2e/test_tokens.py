# SPDX-License-Identifier: MIT
"""Endpoints with different tokens, in every order of the configuration: nothing of any of them stays in the refused box."""
import itertools
import uuid

from cases import PlaceCase
from fastcgi import Gateway, run_cgi
from records import box_text
from sender import transcript

ENDPOINTS = {
    "one": {"auth-header": "X-One", "secret": "secret-of-the-first-endpoint"},
    "two": {"auth-query": "two-token", "secret": "secret-of-the-second-endpoint"},
    "three": {"auth-query": "three-token", "secret": "secret-of-the-third-endpoint"},
}
# By whose name alone a value is known for a secret, though it is none any more.
ROTATED = {"two": "former-secret-of-the-second", "three": "former-secret-of-the-third"}


class Tokens(PlaceCase):
    endpoints = ENDPOINTS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = Gateway(cls.place)
        cls.addClassCleanup(cls.gateway.stop)

    def query(self, names):
        """Each token by its name, each secret in a place that is none, and what is to be kept around them."""
        pieces = ["first=1"]
        for name in names:
            token = ENDPOINTS[name].get("auth-query")
            if token:
                pieces += [f"{token}={ROTATED[name]}", f"{token}={ENDPOINTS[name]['secret']}"]
            pieces += [f"any={ENDPOINTS[name]['secret']}", f"by-{name}=2"]
        return "&".join(pieces)

    def kept_query(self, post, names, endpoint):
        body = transcript(str(uuid.uuid4()))
        answer = post(body, endpoint, self.query(names), secret=None, HTTP_USER_AGENT=ENDPOINTS[names[0]]["secret"])
        self.assertEqual(404, answer.status)
        [entry] = [head for head, kept in self.box("refused") if kept == body]
        return entry["query"]

    def test_of_an_unknown_endpoint_no_token_of_any_other_is_kept_whatever_their_order(self):
        for count in (2, 3):
            for names in itertools.permutations(ENDPOINTS, count):
                self.place.configure({name: ENDPOINTS[name] for name in names})
                for way in (self.gateway.post, lambda *args, **how: run_cgi(self.place, *args, **how)):
                    for asked in (names, names[::-1]):
                        with self.subTest(endpoints=names, asked=asked):
                            self.assertEqual("&".join(["first=1", *(f"by-{name}=2" for name in asked)]),
                                             self.kept_query(way, asked, "no-such"))
        kept = box_text(self.place.spool).decode("latin-1") + self.place.log_text()
        for secret in (*(e["secret"] for e in ENDPOINTS.values()), *ROTATED.values()):
            self.assertNotIn(secret, kept)
