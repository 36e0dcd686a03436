/** As much of Restate's service protocol (version 6) as handlers with state and steps need: frames and their protobuf fields. */
export const messageType = {
  start: 0x0000,
  end: 0x0003,
  proposeRunCompletion: 0x0005,
  input: 0x0400,
  output: 0x0401,
  runCompletion: 0x8011
} as const

const headerBytes = 8
const lengthDelimited = 2

export interface Frame {
  readonly type: number
  readonly body: Uint8Array
}

const varint = (value: number): ReadonlyArray<number> =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]

export const numberField = (field: number, value: number): Buffer =>
  Buffer.from([...varint(field << 3), ...varint(value)])

export const bytesField = (field: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([...varint((field << 3) | lengthDelimited), ...varint(bytes.length)]), bytes])

/** Header: message type and flags in 16 bits each, length of the body in 32. */
export const frame = (type: number, ...fields: ReadonlyArray<Buffer>): Buffer => {
  const body = Buffer.concat(fields)
  const header = Buffer.alloc(headerBytes)
  header.writeUInt16BE(type, 0)
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}

/** The frames in a chunk. The SDK writes whole frames at a time. */
export const framesIn = (chunk: Uint8Array): ReadonlyArray<Frame> => {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  const frames: Array<Frame> = []
  for (let at = 0; at < chunk.length; ) {
    const end = at + headerBytes + view.getUint32(at + 4)
    frames.push({ type: view.getUint16(at), body: chunk.subarray(at + headerBytes, end) })
    at = end
  }
  return frames
}

/** A field of a message with numbers and byte strings only; undefined when it is absent. */
export const readField = (message: Uint8Array, wanted: number): number | Uint8Array | undefined => {
  let at = 0
  const readVarint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < message.length) {
    const tag = readVarint()
    const number = readVarint()
    const isBytes = (tag & 7) === lengthDelimited
    if (tag >>> 3 === wanted) return isBytes ? message.subarray(at, at + number) : number
    if (isBytes) at += number
  }
  return undefined
}
