import { TextDecoder } from "node:util"
import type { VertexLog } from "./buildkit/descriptors.ts"

/**
 * The text of a build's output, whose chunks may begin and end within a character: what is left of one is kept for the next
 * chunk of the same step and stream. Always well-formed; bytes that are no UTF-8 become U+FFFD. One of these per build.
 */
export const makeOutputDecoder = (): ((log: VertexLog) => string) => {
  const decoders = new Map<string, TextDecoder>()
  return ({ message, stream, vertex }) => {
    const source = `${stream} ${vertex}`
    // A byte order mark is output like any other.
    const decoder = decoders.get(source) ?? new TextDecoder("utf-8", { ignoreBOM: true })
    decoders.set(source, decoder)
    return decoder.decode(message, { stream: true })
  }
}
