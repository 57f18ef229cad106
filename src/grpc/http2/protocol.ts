/** RFC 9113, section 6: what a frame is. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const Flag = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

/** RFC 9113, section 7. */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const frameHeadSize = 9;
/** What every peer takes, until it says more. */
export const leastFrameSize = 16_384;
export const defaultWindow = 65_535;
export const largestWindow = 2 ** 31 - 1;

/** What ends a connection from our side: the peer does not keep to the protocol, or to our limits. */
export class Http2Error extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = "Http2Error";
    this.code = code;
  }
}

/** A frame's head. */
export function frameHead(size: number, type: number, flags: number, stream: number): Buffer {
  const head = Buffer.allocUnsafe(frameHeadSize);
  head.writeUIntBE(size, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return head;
}

/** A frame whose payload is these 32-bit numbers. */
export function numbersFrame(type: number, stream: number, ...numbers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeadSize + numbers.length * 4);
  frameHead(numbers.length * 4, type, 0, stream).copy(bytes);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, frameHeadSize + index * 4);
  return bytes;
}

/** Our settings, as a frame. */
export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * 6);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return Buffer.concat([frameHead(payload.byteLength, FrameType.SETTINGS, 0, 0), payload]);
}
