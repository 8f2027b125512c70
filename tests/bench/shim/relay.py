"""relay PORT RTT_MS: listens on a free port of 127.0.0.1, prints it, and passes bytes on to PORT as a network with
that round-trip time would: the connection stands one RTT late, and every byte arrives half of one late."""
import asyncio
import sys

target, rtt = int(sys.argv[1]), float(sys.argv[2]) / 1000


async def pump(reader, writer):
    """Each piece on its own clock, so that the delay is a latency and not a rate."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    async def send():
        while True:
            due, piece = await queue.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
        writer.close()

    sender = asyncio.create_task(send())
    while True:
        piece = await reader.read(65536)
        queue.put_nowait((loop.time() + rtt / 2, piece))
        if not piece:
            break
    await sender


async def serve(reader, writer):
    await asyncio.sleep(rtt)
    try:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))
    except OSError:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
