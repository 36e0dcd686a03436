/** One finished span. Times are Unix milliseconds, to the microsecond. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string
  readonly name: string
  readonly start: number
  readonly end: number
}

interface Field {
  readonly number: number
  readonly bytes: Buffer
}

/** The wire types of protobuf that OTLP uses. */
const varint = 0
const fixed64 = 1
const lengthDelimited = 2
const fixed32 = 5

const readVarint = (buffer: Buffer, from: number): readonly [value: number, next: number] => {
  let value = 0
  let factor = 1
  for (let at = from; at < buffer.length; at++) {
    const byte = buffer.readUInt8(at)
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return [value, at + 1]
    factor *= 0x80
  }
  throw new RangeError("a protobuf message ends within a number")
}

/** The fields of one message. Numbers are skipped but for fixed64, which times are. */
function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0
  while (at < message.length) {
    const [tag, afterTag] = readVarint(message, at)
    const wireType = tag & 7
    let begin = afterTag
    let end = afterTag
    if (wireType === varint) end = readVarint(message, begin)[1]
    else if (wireType === fixed64) end += 8
    else if (wireType === fixed32) end += 4
    else if (wireType === lengthDelimited) {
      const [length, afterLength] = readVarint(message, afterTag)
      begin = afterLength
      end = afterLength + length
    } else throw new RangeError(`protobuf wire type ${wireType} is not in use`)
    yield { number: tag >>> 3, bytes: message.subarray(begin, end) }
    at = end
  }
}

const submessages = (message: Buffer, number: number): ReadonlyArray<Buffer> =>
  [...fieldsOf(message)].filter((field) => field.number === number).map((field) => field.bytes)

/** Field numbers of opentelemetry.proto.trace.v1. */
const resourceSpans = 1
const scopeSpans = 2
const spans = 2
const span = { traceId: 1, spanId: 2, parentSpanId: 4, name: 5, start: 7, end: 8 }

const millis = (bytes: Buffer | undefined): number =>
  bytes === undefined ? 0 : Number(bytes.readBigUInt64LE() / 1000n) / 1000

const readSpan = (message: Buffer): Span => {
  const fields = new Map([...fieldsOf(message)].map(({ bytes, number }) => [number, bytes]))
  return {
    traceId: fields.get(span.traceId)?.toString("hex") ?? "",
    spanId: fields.get(span.spanId)?.toString("hex") ?? "",
    parentSpanId: fields.get(span.parentSpanId)?.toString("hex") ?? "",
    name: fields.get(span.name)?.toString() ?? "",
    start: millis(fields.get(span.start)),
    end: millis(fields.get(span.end))
  }
}

/** The spans of an OTLP export request in protobuf, the one encoding that Restate and the worker share. */
export const readExport = (request: Buffer): ReadonlyArray<Span> =>
  submessages(request, resourceSpans)
    .flatMap((resource) => submessages(resource, scopeSpans))
    .flatMap((scope) => submessages(scope, spans))
    .map(readSpan)
