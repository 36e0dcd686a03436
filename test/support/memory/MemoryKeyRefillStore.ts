import { createHash } from "node:crypto"
import { Effect, Option, Ref } from "effect"
import { KeyRefillStore, type RefillDate, type RefillRequest } from "../../../src/services/keyRefill/KeyRefillStore.ts"
import { skipRefusedKeys } from "../../../src/services/skipRefusedKeys.ts"
import { type Draft, MemoryTables, transaction } from "./MemoryTables.ts"
import type { Tables } from "./Tables.ts"

type Key = Tables["keys"]

/** Rows scanned per batch, few enough that tests cross the limit. A row's number is its position, from 1. */
const window = 50n

const isDue = ({ dayOfMonth, isLastOfMonth }: RefillDate, key: Key): key is Key & { readonly refill_amount: number } =>
  key.refill_amount !== null &&
  key.deleted_at_m === null &&
  (key.remaining_requests === null || key.remaining_requests < key.refill_amount) &&
  (key.refill_day === null || key.refill_day === dayOfMonth || (isLastOfMonth && key.refill_day > dayOfMonth))

const auditIdOf = ({ day }: RefillDate, { id }: Key): string =>
  `log_${createHash("sha256").update(`key refill ${day} ${id}`).digest("hex").slice(0, 24)}`

const sqlTime = (millis: number) => new Date(millis).toISOString().replace("T", " ").replace("Z", "")

const nameOrId = ({ id, name }: Key) => (name === null || name === "" ? id : name)

const refill = (draft: Draft, { at, date }: RefillRequest, index: number, key: Key & { refill_amount: number }) => {
  const id = auditIdOf(date, key)
  const owner = { workspace_id: key.workspace_id, bucket: "unkey_mutations", bucket_id: key.workspace_id }
  const created = { created_at: at, updated_at: null }
  draft.audit_log.push({
    id,
    ...owner,
    ...created,
    event: "key.update",
    time: at,
    display: [...`Refilled key ${nameOrId(key)}`].slice(0, 256).join(""),
    remote_ip: null,
    user_agent: null,
    actor_type: "system",
    actor_id: "keyrefill",
    actor_name: "Key Refill Service",
    actor_meta: {}
  })
  const target = { ...owner, ...created, audit_log_id: id }
  draft.audit_log_target.push(
    {
      ...target,
      type: "key",
      id: key.id,
      display_name: nameOrId(key),
      name: key.name,
      meta: {
        refill_amount: key.refill_amount,
        previous_remaining: key.remaining_requests ?? 0,
        new_remaining: key.refill_amount
      }
    },
    { ...target, type: "workspace", id: key.workspace_id, display_name: key.workspace_id, name: null, meta: {} }
  )
  draft.keys[index] = { ...key, remaining_requests: key.refill_amount, last_refill_at: sqlTime(at), updated_at_m: at }
}

const refillBatch = (draft: Draft, request: RefillRequest) => {
  const { after, at, date, except, limit } = request
  const marks = new Set(draft.audit_log.map(({ id }) => id))
  const end = after + window
  let cursor = end
  let candidates = 0
  draft.keys.forEach((key, index) => {
    const pk = BigInt(index + 1)
    if (pk <= after || pk > end || candidates === limit || !isDue(date, key)) return
    candidates++
    if (candidates === limit) cursor = pk
    if (!marks.has(auditIdOf(date, key)) && !except.has(key.id)) refill(draft, request, index, key)
  })
  const done = candidates < limit && BigInt(draft.keys.length) <= end
  if (done) cursor = BigInt(draft.keys.length)
  const marked = new Set(draft.audit_log.filter(({ time }) => time === at).map(({ id }) => id))
  const passed = draft.keys.filter((_, index) => BigInt(index + 1) > after && BigInt(index + 1) <= cursor)
  return {
    cursor,
    refilled: passed.filter((key) => marked.has(auditIdOf(date, key))).length,
    done
  }
}

const firstDue = (keys: ReadonlyArray<Key>, { after, date }: RefillRequest) => {
  const index = keys.findIndex((key, at) => BigInt(at + 1) > after && isDue(date, key))
  return Option.map(Option.fromNullable(keys[index]), ({ id }) => ({ cursor: BigInt(index + 1), id }))
}

export const makeKeyRefillStore = Effect.map(MemoryTables, (tables) =>
  KeyRefillStore.of({
    refillBatch: skipRefusedKeys({
      refill: (request) => transaction(tables)("KeyRefillStore.refillBatch", (draft) => refillBatch(draft, request)),
      first: (request) => Effect.map(Ref.get(tables), (rows) => firstDue(rows.keys, request))
    }),
    highest: Effect.map(Ref.get(tables), ({ keys }) => BigInt(keys.length))
  })
)
