import { Schema } from "effect"
import type { AnySchema } from "./Contract.ts"

const RawBytesId: unique symbol = Symbol.for("effect-restate/RawBytes")

/** What discovery publishes about an output of raw bytes. An input is taken whatever its content type is. */
export const rawContentType = "application/octet-stream"

/**
 * A payload as it is on the wire, instead of JSON: input or output of a handler whose callers write or read something else, result
 * of a step, value of state or of an awakeable. It stands alone: inside of another schema it has no JSON, and is refused.
 */
export const RawBytes: Schema.Schema<Uint8Array> = Schema.Uint8ArrayFromSelf.annotations({ [RawBytesId]: true })

export const isRawBytes = ({ ast }: AnySchema): boolean => ast.annotations[RawBytesId] === true
