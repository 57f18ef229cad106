import { once } from "node:events";
import http2, { type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Http2Connection } from "./connection.ts";
import { encodeHeaders, type HeaderList } from "./hpack.ts";
import { ErrorCode, FrameType, frameHead, numbersFrame, preface, settingsFrame } from "./protocol.ts";
import type { Http2Stream, StreamEnd } from "./stream.ts";
import { type Receiver, streamTransport, type Transport } from "./transport.ts";

const limits = {
  streamWindow: 1024 * 1024,
  connectionWindow: 4 * 1024 * 1024,
  held: 8 * 1024 * 1024,
  streams: 10,
  frameSize: 64 * 1024,
  headerBytes: 64 * 1024,
  headerFields: 1000,
};
const request: HeaderList = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/a"],
  [":authority", "x"],
];

let open: AsyncDisposableStack;
beforeEach(() => {
  open = new AsyncDisposableStack();
});
afterEach(() => open.disposeAsync());

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Sends back what comes, and says in a trailer how much that was. */
function echo(connection: Http2Connection): void {
  connection.serve((stream, list) => {
    let size = 0;
    connection.respond(stream, [[":status", "200"], ...list.filter(([name]) => name.startsWith("x-"))]);
    stream.listener = {
      data(piece, received) {
        size += piece.byteLength;
        stream.write([piece]);
        stream.consumed(received);
      },
      ended: () => stream.end([["x-size", String(size)]]),
      drained() {},
      closed() {},
    };
  });
}

/** All that comes on a stream, once it is over. */
function gathered(stream: Http2Stream) {
  const pieces: Uint8Array[] = [];
  const lists: HeaderList[] = [];
  return new Promise<{ body: Buffer; lists: HeaderList[]; end: StreamEnd }>((resolve) => {
    stream.listener = {
      headers: (list) => void lists.push(list),
      data(piece, size) {
        pieces.push(piece);
        stream.consumed(size);
      },
      ended() {},
      drained() {},
      closed: (end) => resolve({ body: Buffer.concat(pieces), lists, end }),
    };
  });
}

const bulk = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 31) & 0xff));

describe("beside Node's HTTP/2", () => {
  test("its client is answered: headers that fill its table, more content than a window holds, trailers", async () => {
    const port = await listening(
      createServer((socket) => echo(new Http2Connection(streamTransport(socket), "server", limits))),
    );
    const client = http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 20_000 } });
    open.defer(() => client.destroy());
    for (let round = 0; round < 5; round++) {
      const given = { "x-a": `value ${round} with : / % ~`, "x-long": "l".repeat(30_000), "x-many": ["1", "2"] };
      const stream = client.request({ ":method": "POST", ":path": "/a", ...given });
      const [headers, trailers, pieces] = [once(stream, "response"), once(stream, "trailers"), stream.toArray()];
      stream.end(bulk);
      expect((await headers)[0]).toMatchObject({ ":status": 200, ...given, "x-many": "1, 2" });
      expect(Buffer.concat(await pieces).equals(bulk)).toBe(true);
      expect((await trailers)[0]).toMatchObject({ "x-size": String(bulk.byteLength) });
    }
  });

  test("its server is asked: several streams at once, one more than it takes at a time", async () => {
    const server = http2.createServer({ settings: { initialWindowSize: 30_000, maxConcurrentStreams: 3 } });
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      stream.respond({ ":status": 200, "x-path": headers[":path"] }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "yes" }));
      stream.pipe(stream);
    });
    const port = await listening(server as unknown as Server);
    const client = new Http2Connection(streamTransport(connect(port, "127.0.0.1")), "client", limits);
    open.defer(() => client.destroy());
    await client.ready;
    const asked = Array.from({ length: 8 }, () => {
      const stream = client.request(request);
      const result = gathered(stream);
      stream.write([bulk.subarray(0, 1000), bulk.subarray(1000)]);
      stream.end();
      return result;
    });
    for (const { body, lists, end } of await Promise.all(asked)) {
      expect(body.equals(bulk)).toBe(true);
      expect(lists.map((list) => Object.fromEntries(list))).toMatchObject([{ "x-path": "/a" }, { "x-end": "yes" }]);
      expect(end).toEqual({ kind: "done" });
    }
  });

  test("a reset of either side ends the stream on both, and the connection goes on", async () => {
    const seen = Promise.withResolvers<StreamEnd>();
    const port = await listening(
      createServer((socket: Socket) => {
        const connection = new Http2Connection(streamTransport(socket), "server", limits);
        connection.serve((stream, list) => {
          if (list.some(([name]) => name === "x-refuse")) stream.reset(ErrorCode.CANCEL);
          else stream.listener = { ...stream.listener, closed: seen.resolve };
        });
      }),
    );
    const client = http2.connect(`http://127.0.0.1:${port}`);
    open.defer(() => client.destroy());
    const refused = client.request({ ":method": "POST", "x-refuse": "1" });
    refused.on("error", () => {});
    await once(refused, "close");
    expect(refused.rstCode).toBe(ErrorCode.CANCEL);
    const cancelled = client.request({ ":method": "POST" });
    cancelled.close(ErrorCode.CANCEL);
    expect(await seen.promise).toEqual({ kind: "reset", code: ErrorCode.CANCEL });
    expect(client.destroyed).toBe(false);
  });
});

/** A server's connection whose peer is the test. */
function server(over: Partial<typeof limits> = {}, accept: (stream: Http2Stream) => void = () => {}) {
  const sent: Uint8Array[] = [];
  let receiver: Receiver | undefined;
  const transport: Transport = {
    open: (to) => {
      receiver = to;
    },
    write: (parts) => void sent.push(...parts),
    waiting: 0,
    destroy() {},
  };
  const connection = new Http2Connection(transport, "server", { ...limits, ...over });
  connection.serve(accept);
  const push = (...frames: readonly Uint8Array[]) => receiver?.received(Buffer.concat(frames));
  return { connection, push, transport, sent: () => Buffer.concat(sent) };
}

const greeting = Buffer.concat([preface, settingsFrame([])]);
const frame = (type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)) =>
  Buffer.concat([frameHead(payload.byteLength, type, flags, stream), payload]);
const headers = (stream: number, flags = 4) => frame(FrameType.HEADERS, flags, stream, encodeHeaders(request));

test("a connection whose frames are cut anywhere is the same", () => {
  const all = Buffer.concat([
    greeting,
    headers(1),
    frame(FrameType.DATA, 0, 1, Buffer.from("abc")),
    frame(FrameType.DATA, 8, 1, Buffer.from([2, ...Buffer.from("def"), 0, 0])),
    frame(FrameType.PING, 0, 0, Buffer.alloc(8)),
    frame(FrameType.DATA, 1, 1),
  ]);
  for (let size = 1; size < all.byteLength; size += 3) {
    let text = "";
    const { push, connection } = server({}, (stream) => {
      const data = (piece: Uint8Array) => {
        text += Buffer.from(piece).toString();
      };
      stream.listener = { ...stream.listener, data, ended: () => (text += ".") };
    });
    for (let at = 0; at < all.byteLength; at += size) push(all.subarray(at, at + size));
    expect(text).toBe("abcdef.");
    expect(connection.usable).toBe(true);
    connection.destroy();
  }
});

const bad: readonly (readonly [string, number, readonly Uint8Array[]])[] = [
  ["something else than HTTP/2", ErrorCode.PROTOCOL_ERROR, [Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
  ["a frame before the settings", ErrorCode.PROTOCOL_ERROR, [preface, frame(FrameType.PING, 0, 0, Buffer.alloc(8))]],
  ["a frame above the limit", ErrorCode.FRAME_SIZE_ERROR, [greeting, frameHead(64 * 1024 + 1, FrameType.DATA, 0, 1)]],
  [
    "content of a stream that has never been",
    ErrorCode.PROTOCOL_ERROR,
    [greeting, frame(FrameType.DATA, 0, 5, bulk.subarray(0, 9))],
  ],
  ["an even stream", ErrorCode.PROTOCOL_ERROR, [greeting, headers(2)]],
  [
    "a header list that another frame interrupts",
    ErrorCode.PROTOCOL_ERROR,
    [greeting, headers(1, 0), frame(FrameType.PING, 0, 0, Buffer.alloc(8))],
  ],
  ["a continuation of nothing", ErrorCode.PROTOCOL_ERROR, [greeting, frame(FrameType.CONTINUATION, 4, 1)]],
  [
    "continuations without end",
    ErrorCode.ENHANCE_YOUR_CALM,
    [greeting, headers(1, 0), ...Array.from({ length: 1100 }, () => frame(FrameType.CONTINUATION, 0, 1))],
  ],
  [
    "a malformed header block",
    ErrorCode.COMPRESSION_ERROR,
    [greeting, frame(FrameType.HEADERS, 4, 1, Buffer.from([0xc0]))],
  ],
  ["a push", ErrorCode.PROTOCOL_ERROR, [greeting, frame(FrameType.PUSH_PROMISE, 4, 1, Buffer.alloc(4))]],
  [
    "a window of more than 2^31-1",
    ErrorCode.FLOW_CONTROL_ERROR,
    [greeting, numbersFrame(FrameType.WINDOW_UPDATE, 0, 2 ** 31 - 1)],
  ],
  ["a window update of nothing", ErrorCode.PROTOCOL_ERROR, [greeting, numbersFrame(FrameType.WINDOW_UPDATE, 0, 0)]],
  ["settings of half a size", ErrorCode.FRAME_SIZE_ERROR, [greeting, frame(FrameType.SETTINGS, 0, 0, Buffer.alloc(7))]],
  ["a first window above all", ErrorCode.FLOW_CONTROL_ERROR, [greeting, settingsFrame([[4, 2 ** 31]])]],
  ["a tiny frame size", ErrorCode.PROTOCOL_ERROR, [greeting, settingsFrame([[5, 100]])]],
  ["a ping of five bytes", ErrorCode.FRAME_SIZE_ERROR, [greeting, frame(FrameType.PING, 0, 0, Buffer.alloc(5))]],
  [
    "padding above its frame",
    ErrorCode.PROTOCOL_ERROR,
    [greeting, headers(1), frame(FrameType.DATA, 8, 1, Buffer.from([9, 0]))],
  ],
  [
    "more than a stream's window",
    ErrorCode.FLOW_CONTROL_ERROR,
    [greeting, headers(1), ...Array.from({ length: 33 }, () => frame(FrameType.DATA, 0, 1, bulk.subarray(0, 32_768)))],
  ],
  [
    "streams that are begun and reset without end",
    ErrorCode.ENHANCE_YOUR_CALM,
    [
      greeting,
      ...Array.from({ length: 4000 }, (_, at) => [
        headers(at * 2 + 1),
        numbersFrame(FrameType.RST_STREAM, at * 2 + 1, 8),
      ]).flat(),
    ],
  ],
];

test.each(bad)("%s ends the connection", async (_, code, frames) => {
  const { push, connection, sent } = server();
  push(...frames);
  expect(connection.usable).toBe(false);
  expect(await connection.closed).toMatchObject({ name: "Http2Error", code });
  const goAway = sent().subarray(-17);
  expect([goAway[3], goAway.readUInt32BE(13)]).toEqual([FrameType.GOAWAY, code]);
});

test("pings whose answers are not read end the connection", () => {
  const { push, connection, transport } = server();
  push(greeting);
  Object.assign(transport, { waiting: 5 * 1024 * 1024 });
  push(frame(FrameType.PING, 0, 0, Buffer.alloc(8)));
  expect(connection.usable).toBe(false);
});

test("one stream too many is refused, and the others go on", () => {
  const streams: Http2Stream[] = [];
  const { push, connection, sent } = server({}, (stream) => streams.push(stream));
  push(greeting, ...Array.from({ length: 11 }, (_, at) => headers(at * 2 + 1)));
  expect(streams).toHaveLength(10);
  connection.destroy();
  expect(sent().includes(numbersFrame(FrameType.RST_STREAM, 21, ErrorCode.REFUSED_STREAM))).toBe(true);
});

test("content that nobody reads fills its stream's window, and then the sum of all; reading opens them again", () => {
  const streams: Http2Stream[] = [];
  const over = { held: 1_500_000, connectionWindow: 2_000_000 };
  const { push, connection, sent } = server(over, (stream) => streams.push(stream));
  const content = (stream: number) =>
    Array.from({ length: 31 }, () => frame(FrameType.DATA, 0, stream, bulk.subarray(0, 32_768)));
  push(greeting, headers(1), headers(3), ...content(1));
  const [first] = streams as [Http2Stream];
  expect(first.held).toBe(31 * 32_768);
  push(...content(3));
  streams[1]?.consumed(31 * 32_768);
  first.consumed(31 * 32_768);
  push(...content(1));
  expect(connection.usable).toBe(true);
  connection.destroy();
  // The greeting's, the two streams' own, and at least one more of the connection's.
  expect(countOpenings(sent())).toBeGreaterThan(3);
});

function countOpenings(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at + 9 <= bytes.byteLength; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === FrameType.WINDOW_UPDATE) count++;
  }
  return count;
}

test("a connection that is lost ends its streams, and whoever waits for it", async () => {
  const port = await listening(createServer((socket) => socket.destroy()));
  const client = new Http2Connection(streamTransport(connect(port, "127.0.0.1")), "client", limits);
  const ended = gathered(client.request(request));
  await expect(client.ready).rejects.toThrow();
  expect((await ended).end.kind).toBe("lost");
  expect(client.usable).toBe(false);
  expect(() => client.request(request)).toThrow("the connection is closing");
});
