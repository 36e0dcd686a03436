import { Schema } from "effect"
import { isoTime } from "../text/isoTime.ts"

/** Unix milliseconds; ISO 8601 in JSON. */
export const Instant = Schema.transform(Schema.String, Schema.Number, {
  strict: true,
  decode: (text) => Date.parse(text),
  encode: isoTime
})
