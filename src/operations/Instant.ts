import { Schema } from "effect"

/** Unix milliseconds; ISO 8601 in JSON. */
export const Instant = Schema.transform(Schema.String, Schema.Number, {
  strict: true,
  decode: (text) => Date.parse(text),
  encode: (millis) => new Date(millis).toISOString()
})
