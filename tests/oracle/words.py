"""Keeps the interpreter and the C libraries below it busy until it is killed."""
import json
import random
import re
import zlib

while True:
    words = [str(random.random()) for _ in range(500)]
    words.sort(key=lambda word: word[::-1])
    text = json.dumps(words)
    json.loads(text)
    re.sub(r"1(\d)", lambda match: match.group(1) * 2, text)
    zlib.decompress(zlib.compress(text.encode()))
