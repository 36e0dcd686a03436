/** What a worker tells Restate during an attempt, in the words of Restate's service protocol. */
export interface WorkerMessage {
  /** `Run`, `Run result`, `Call`, ... */
  readonly kind: string
  /** The step of a run and of its result, the handler that is called; empty for the others. */
  readonly name: string
  /** The message with its header, as it was sent. */
  readonly bytes: Buffer
}

const kinds: ReadonlyMap<number, string> = new Map([
  [0x0001, "Suspension"],
  [0x0002, "Error"],
  [0x0003, "End"],
  [0x0005, "Run result"],
  [0x0401, "Output"],
  [0x0402, "Read state"],
  [0x0403, "Set state"],
  [0x0404, "Clear state"],
  [0x0407, "Read state"],
  [0x040c, "Sleep"],
  [0x040d, "Call"],
  [0x040e, "Send"],
  [0x0411, "Run"]
])

/** Type and flags in 16 bits each, then the length of the body. */
const headerBytes = 8

/** Reads the messages of one attempt from its chunks, which may end anywhere. */
export const workerMessages = () => {
  let rest: Buffer = Buffer.alloc(0)
  let lastRun = ""
  return (chunk: Buffer): ReadonlyArray<WorkerMessage> => {
    rest = Buffer.concat([rest, chunk])
    const messages: Array<WorkerMessage> = []
    while (rest.length >= headerBytes) {
      const end = headerBytes + rest.readUInt32BE(4)
      if (rest.length < end) break
      const type = rest.readUInt16BE(0)
      const body = rest.subarray(headerBytes, end)
      const kind = kinds.get(type) ?? `0x${type.toString(16)}`
      if (kind === "Run") lastRun = textField(body, nameField)
      const name = kind.startsWith("Run")
        ? lastRun
        : kind === "Call" || kind === "Send"
          ? textField(body, handlerField)
          : ""
      messages.push({ kind, name, bytes: rest.subarray(0, end) })
      rest = rest.subarray(end)
    }
    return messages
  }
}

/** Of a run. */
const nameField = 12
/** Of a call and of a send. */
const handlerField = 2
const varint = 0
const fixed64 = 1
const lengthDelimited = 2

/** A text field of a protobuf message, empty when it is absent. */
const textField = (body: Buffer, field: number): string => {
  let at = 0
  const readVarint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = body.readUInt8(at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  while (at < body.length) {
    const tag = readVarint()
    const wireType = tag % 8
    if (wireType === varint) readVarint()
    else if (wireType === lengthDelimited) {
      const length = readVarint()
      if (Math.floor(tag / 8) === field) return body.toString("utf8", at, at + length)
      at += length
    } else at += wireType === fixed64 ? 8 : 4
  }
  return ""
}
