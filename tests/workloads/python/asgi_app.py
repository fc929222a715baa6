"""A small ASGI service with one expensive thing in it, for uvicorn.

Truth: of a request about nine tenths of the CPU time are in price, below quote and the coroutine app; each request
awaits look_up for some 2 ms.
"""

import asyncio
import json

ITEMS = ("tea", "coffee", "cocoa")


def price(item):
    value = len(item)
    for step in range(60000):
        value = (value * 31 + step) % 10007
    return value


def quote(items):
    return {item: price(item) for item in items}


async def look_up():
    await asyncio.sleep(0.002)
    return ITEMS


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = json.dumps(quote(await look_up())).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
