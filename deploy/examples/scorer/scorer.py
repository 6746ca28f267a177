#!/usr/bin/env python3
"""An external scorer for tappa, in the smallest form: it takes batches of texts over HTTP and answers with their moods.

Run it:      python3 scorer.py --port 8090
Use it:      TAPPA_SCORER_URL=http://127.0.0.1:8090/score tappa serve

Only score() is a toy. Put your model there: an ONNX session, a pipeline, a call to a hosted one. It gets all texts of a batch
at once, since most models are faster so. docs/mood.md describes question and answer.
"""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Stored with every score. Change it when scores change: `tappa rescore` then scores what an earlier model scored.
MODEL = "example-words-1"

GOOD = {"grazie", "ottimo", "perfetto", "contento", "thanks", "great", "perfect", "happy"}
BAD = {"pessimo", "deluso", "guasto", "ritardo", "inaccettabile", "bad", "broken", "late", "unacceptable"}

LARGEST = 4 << 20  # bytes of a question


def score(texts):
    """Give each text its mood: label, score from -1 to 1, and, where the model knows them, emotion, lang, confidence."""
    moods = []
    for text in texts:
        words = [w.strip(".,;:!?\"'()").lower() for w in text["text"].split()]
        good, bad = sum(w in GOOD for w in words), sum(w in BAD for w in words)
        if not words:
            moods.append({"label": "", "score": 0})
        elif good and bad:
            moods.append({"label": "mixed", "score": 0, "confidence": 0.5})
        elif good or bad:
            label = "positive" if good else "negative"
            moods.append({"label": label, "score": (good - bad) / (good + bad + 1), "confidence": 0.7})
        else:
            moods.append({"label": "neutral", "score": 0, "confidence": 0.5})
    return moods


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    token = ""

    def do_POST(self):
        if self.token and self.headers.get("Authorization") != "Bearer " + self.token:
            return self.answer(401, {"error": "the token is wrong"})
        length = int(self.headers.get("Content-Length", 0))
        if not 0 < length <= LARGEST:
            self.close_connection = True
            return self.answer(413, {"error": "no text, or too much of it"})
        try:
            texts = json.loads(self.rfile.read(length))["texts"]
            moods = score(texts)
        except (ValueError, KeyError, TypeError) as err:
            return self.answer(400, {"error": str(err)})
        self.answer(200, {"model": MODEL, "moods": moods})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass  # texts and addresses stay out of logs


def main():
    parser = argparse.ArgumentParser(description="An example of an external scorer for tappa.")
    parser.add_argument("--port", type=int, default=8090, help="on loopback; 0 picks a free one")
    parser.add_argument("--token", default="", help="what TAPPA_SCORER_TOKEN says")
    args = parser.parse_args()
    Handler.token = args.token
    server = ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}/score", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
