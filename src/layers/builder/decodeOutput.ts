import { TextDecoder } from "node:util"
import type { VertexLog } from "./buildkit/descriptors.ts"

/**
 * Decodes build output whose chunks may split a character: a partial character is kept for the next chunk of the same step and
 * stream. Always well-formed; invalid UTF-8 becomes U+FFFD. One instance per build.
 */
export const makeOutputDecoder = (): ((log: VertexLog) => string) => {
  const decoders = new Map<string, TextDecoder>()
  return ({ message, stream, vertex }) => {
    const source = `${stream} ${vertex}`
    // Keeps a byte order mark, as other output.
    const decoder = decoders.get(source) ?? new TextDecoder("utf-8", { ignoreBOM: true })
    decoders.set(source, decoder)
    return decoder.decode(message, { stream: true })
  }
}
