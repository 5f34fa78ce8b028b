# SPDX-License-Identifier: MIT
"""sender - delivers as AssemblyAI documents it: python-requests, ten seconds of patience, 4xx is final, else again."""
import json
import time

import requests

from place import HEADER, SECRET

TIMEOUT_S = 10
ATTEMPTS = 10


def transcript(transcript_id="5552493-16d8-42d8-8feb-c2a16b56f6e8", status="completed"):
    """A notification with the bytes that Python's json.dumps gives it: 82 of them for the documented example's kind."""
    return json.dumps({"transcript_id": transcript_id, "status": status}).encode()


def streaming(session_id, words):
    """The whole text of a streaming session: about a hundred bytes a word."""
    turns = []
    for order in range(0, words, 50):
        spoken = [{"start": 160 * i, "end": 160 * i + 150, "text": f"wörd{i}", "confidence": 0.98765,
                   "word_is_final": True} for i in range(order, min(order + 50, words))]
        turns.append({"turn_order": order // 50, "turn_is_formatted": True, "end_of_turn": True,
                      "transcript": " ".join(w["text"] for w in spoken), "end_of_turn_confidence": 0.5005,
                      "words": spoken, "utterance": "", "type": "Turn"})
    return json.dumps({"session_id": session_id, "messages": turns}, ensure_ascii=False).encode()


class Sender:
    """Remembers each attempt's status in `attempts`; `pause` stands for the ten seconds between attempts."""

    def __init__(self, pause=0.2, headers=None, name=HEADER, value=SECRET):
        self.pause = pause
        self.headers = {"Content-Type": "application/json", **({name: value} if name else {}), **(headers or {})}
        self.attempts = []

    def once(self, url, body):
        return requests.post(url, data=body, headers=self.headers, timeout=TIMEOUT_S, allow_redirects=False)

    def deliver(self, url, body, once=None):
        """The last answer, or None where nobody ever answered. `once` stands for an attempt."""
        answer = None
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(self.pause)
            try:
                answer = once() if once is not None else self.once(url, body)
            except requests.RequestException as e:
                self.attempts.append(type(e).__name__)
                continue
            self.attempts.append(answer.status_code)
            if 200 <= answer.status_code < 300 or 400 <= answer.status_code < 500:
                return answer
        return answer
