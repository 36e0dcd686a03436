import { Schema } from "effect"
import { type AuthorityAnswer, answer } from "./answers.ts"

interface OpenOrder {
  readonly url: string
  readonly finalizeUrl: string
  readonly body: string
}

const Signed = Schema.parseJson(Schema.Struct({ protected: Schema.String }))
const Protected = Schema.parseJson(Schema.Struct({ kid: Schema.String }))
const Order = Schema.parseJson(Schema.Struct({ finalize: Schema.String }))

/** The account that signed a request. */
const accountOf = (body: string): string => {
  const { protected: header } = Schema.decodeUnknownSync(Signed)(body)
  return Schema.decodeUnknownSync(Protected)(Buffer.from(header, "base64url").toString()).kid
}

/**
 * Tracks each account's unfinalized orders, so that a repeated newOrder returns the same one, as at Let's Encrypt. Pebble would
 * create another.
 */
export const openOrders = () => {
  const open = new Map<string, OpenOrder>()
  const keyOf = (body: string, payload: unknown) => JSON.stringify([accountOf(body), payload])
  return {
    /** The open order, with status 200 to distinguish it from a new one. */
    find: (body: string, payload: unknown): AuthorityAnswer | undefined => {
      const known = open.get(keyOf(body, payload))
      return known && answer(200, "application/json", known.body, { location: known.url })
    },
    add: (body: string, payload: unknown, url: string, order: string) => {
      const { finalize } = Schema.decodeUnknownSync(Order)(order)
      open.set(keyOf(body, payload), { url, finalizeUrl: finalize, body: order })
    },
    finalized: (path: string) => {
      for (const [key, { finalizeUrl }] of open) if (finalizeUrl.endsWith(path)) open.delete(key)
    },
    clear: () => open.clear()
  }
}
