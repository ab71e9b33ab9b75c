"""What the Python package `websockets` makes of the server at the URL that it is given.

Each case prints one line, its name and what it has seen as JSON; whether that is right is for
../python.test.js to say.
"""

import asyncio
import json
import sys

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode

URL = sys.argv[1]

# no more than what one message may have, in fragments of odd lengths
LARGE = bytes(range(256)) * 3900
FRAGMENT = 70_001

PINGS = 2


class Watching(ClientConnection):
    """A connection that knows how often it was pinged."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.pings = 0
        self.pinged = asyncio.Event()

    def process_event(self, event):
        if getattr(event, "opcode", None) is Opcode.PING:
            self.pings += 1
            if self.pings >= PINGS:
                self.pinged.set()
        super().process_event(event)


def opened(target, **options):
    return connect(URL + target, create_connection=Watching, open_timeout=20, **options)


async def echoes(socket, data):
    await socket.send(data)
    back = await socket.recv()
    sent = data if isinstance(data, (str, bytes)) else type(data[0])().join(data)
    return back == sent and type(back) is type(sent)


async def closing(socket):
    """How it ends once nothing else comes."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed:
        return {"code": socket.close_code, "reason": socket.close_reason}


async def wish(socket, frame):
    """The hub knows its frames by how they begin, without spaces."""
    await socket.send(json.dumps(frame, separators=(",", ":")))
    return json.loads(await socket.recv())


async def texts():
    async with opened("/echo") as socket:
        return [await echoes(socket, text) for text in ["", "plain", "Grüße, 世界 🎉", "x" * 70_000]]


async def bytes_():
    async with opened("/echo") as socket:
        return [await echoes(socket, data) for data in [b"", bytes(range(256)), LARGE]]


async def fragments():
    async with opened("/echo") as socket:
        pieces = [LARGE[at : at + FRAGMENT] for at in range(0, len(LARGE), FRAGMENT)]
        text = ["Grüße, ", "", "世界 ", "🎉" * 30_000]
        return [len(pieces), await echoes(socket, pieces), await echoes(socket, text)]


async def many():
    """Sends without waiting, so that frames come in all ways cut."""
    async with opened("/echo") as socket:

        async def send():
            for number in range(2000):
                await socket.send(f"{number}" * (number % 50 + 1))

        sending = asyncio.create_task(send())
        right = [await socket.recv() == f"{n}" * (n % 50 + 1) for n in range(2000)]
        await sending
        return all(right)


async def pings():
    async with opened("/echo") as socket:
        await (await socket.ping(b"are you there"))
        await (await socket.ping())
        # and those of the server, between two of which it must hear nothing else
        await asyncio.wait_for(socket.pinged.wait(), 20)
        return await echoes(socket, "still here")


async def compression(how):
    async with opened("/echo", compression=how) as socket:
        offered = socket.request.headers.get("sec-websocket-extensions")
        return {
            "offered": offered is not None,
            "answered": socket.response.headers.get("sec-websocket-extensions"),
            "used": [extension.name for extension in socket.protocol.extensions],
            "echoes": await echoes(socket, "compress me " * 1000),
        }


async def subprotocol(target, offered):
    async with opened(target, subprotocols=offered) as socket:
        await socket.recv()
        return socket.subprotocol


async def says_goodbye(code, reason):
    async with opened("/echo") as socket:
        await socket.close(code, reason)
        received = socket.protocol.close_rcvd
        return {"code": received.code, "reason": received.reason}


async def is_told_goodbye(code, reason):
    async with opened("/ws") as socket:
        await socket.send(json.dumps({"do": "close", "code": code, "reason": reason}))
        return await closing(socket)


async def sends(data, **options):
    async with opened("/echo", **options) as socket:
        await socket.send(data, text=True)
        return await closing(socket)


async def refused(target, **options):
    try:
        async with opened(target, **options):
            return None
    except InvalidStatus as error:
        return error.response.status_code


async def topics():
    async with opened("/ws") as socket:
        await socket.recv()
        given = await wish(socket, {"type": "__subscribe", "id": 1, "topic": "room:python"})
        counted = await wish(socket, {"type": "__count", "id": 2, "topic": "room:python"})
        return [given["type"], counted["count"]]


async def restarts():
    async with opened("/echo") as socket:
        print(json.dumps(["waiting"]), flush=True)
        return await closing(socket)


CASES = {
    "texts": texts,
    "bytes": bytes_,
    "fragments": fragments,
    "many": many,
    "pings": pings,
    "compression offered": lambda: compression("deflate"),
    "no compression": lambda: compression(None),
    "subprotocol chosen": lambda: subprotocol("/ws?protocol", ["other", "chat"]),
    "no subprotocol chosen": lambda: subprotocol("/ws", ["other", "chat"]),
    "says goodbye": lambda: says_goodbye(4001, "that's all ✓"),
    "is told goodbye": lambda: is_told_goodbye(4003, "you'd better go"),
    "too long": lambda: sends(b"x" * 1_100_000),
    "no UTF-8": lambda: sends(b"\xff\xfe"),
    "refused by a hook": lambda: refused("/ws?deny=error"),
    "refused by its origin": lambda: refused("/ws", origin="http://evil.example"),
    "no such path": lambda: refused("/nowhere"),
    "topics": topics,
    "restarts": restarts,
}


async def main():
    for name, case in CASES.items():
        found = await asyncio.wait_for(case(), 30)
        print(json.dumps([name, found]), flush=True)


asyncio.run(main())
