import { createHash } from "node:crypto"
import { Clock, Effect, Schema } from "effect"
import { step } from "../../restate/Step.ts"
import { DnsResolver, type ServerAnswer } from "../../services/DnsResolver.ts"
import { DnsZone } from "../../services/DnsZone.ts"
import { type DomainView, type Issuance, save, type TxtRecord } from "./issuance.ts"
import type { Patience } from "./patience.ts"
import { Hindered, problem } from "./problems.ts"

const second = 1000
/** Route 53 needs about a minute for all of its servers. */
const propagationDeadline = 10 * 60 * second

/** What the CA looks for in DNS (RFC 8555 section 8.4). */
export const recordValue = (keyAuthorization: string): string =>
  createHash("sha256").update(keyAuthorization).digest("base64url")

/** Whether every server that answered has the value, and at least one did. */
const isEverywhere = (answers: ReadonlyArray<ServerAnswer>, value: string): boolean => {
  const told = answers.flatMap(({ answer }) => (answer._tag === "Failed" ? [] : [answer]))
  return told.length > 0 && told.every((answer) => answer._tag === "Found" && answer.records.includes(value))
}

const challengeName = ({ name }: DomainView): string => `_acme-challenge.${name.replace(/^\*\./, "")}`

/** Owners may delegate the name to a zone of ours by a CNAME: the record belongs where that leads. */
const findName = (domain: DomainView) =>
  step(
    "find-record-name",
    Effect.flatMap(DnsResolver, (dns) => dns.canonicalName(challengeName(domain))),
    { success: Schema.String }
  )

const addRecord = ({ name, value }: TxtRecord) =>
  step(
    "add-record",
    Effect.gen(function* () {
      const changeId = yield* (yield* DnsZone).addTxt(name, value).pipe(
        Effect.catchTags({
          DnsZoneUnavailable: (error) => new Hindered({ problem: problem("dnsProvider", error.message) }),
          DnsZoneRefused: (error) => new Hindered({ problem: problem("dnsRefused", error.message) })
        })
      )
      return { changeId, addedAt: yield* Clock.currentTimeMillis }
    }),
    { success: Schema.Struct({ changeId: Schema.NullOr(Schema.String), addedAt: Schema.Number }), failure: Hindered }
  )

/** A provider that cannot say is asked again, like one that is not done. */
const checkRecord = ({ changeId, name, value }: TxtRecord) =>
  step(
    "check-record",
    Effect.gen(function* () {
      const zone = yield* DnsZone
      const dns = yield* DnsResolver
      const inSync = changeId === null ? true : yield* Effect.orElseSucceed(zone.isInSync(changeId), () => false)
      const isVisible = inSync && isEverywhere(yield* dns.authoritativeTxt(name), value)
      return { at: yield* Clock.currentTimeMillis, isVisible }
    }),
    { success: Schema.Struct({ at: Schema.Number, isVisible: Schema.Boolean }) }
  )

const removeTxt = ({ name, value }: TxtRecord) =>
  step(
    "remove-record",
    Effect.flatMap(DnsZone, (zone) => zone.removeTxt(name, value)).pipe(
      // A zone that is not ours any more holds no value of ours that we could take away.
      Effect.catchTag("DnsZoneRefused", (error) =>
        Effect.logWarning("A DNS record was left behind", { problem: error.message })
      )
    ),
    {}
  )

/** Takes away the value that this issuance wrote, and no other. */
export const removeRecord = (issuance: Issuance) =>
  Effect.gen(function* () {
    if (issuance.record === null) return issuance
    yield* removeTxt(issuance.record)
    return yield* save(issuance, { record: null })
  })

/** The record is known before it is written: a crash in between leaves nothing behind that nobody knows of. */
const ensureWritten = (domain: DomainView, issuance: Issuance, value: string) =>
  Effect.gen(function* () {
    if (issuance.record?.value === value && issuance.record.addedAt !== null)
      return { issuance, record: issuance.record }
    const before = issuance.record?.value === value ? issuance : yield* removeRecord(issuance)
    const name = before.record?.name ?? (yield* findName(domain))
    const intended = { name, value, changeId: null, addedAt: null, isVisible: false }
    const intending = yield* save(before, { record: intended })
    const record = { ...intended, ...(yield* addRecord(intended)) }
    return { issuance: yield* save(intending, { record }), record }
  })

const pollInterval = (elapsed: number): number => (elapsed < 30 * second ? 4 * second : 10 * second)

/** Succeeds once every authoritative server has the value that proves the domain. */
export const ensureRecord = (domain: DomainView, start: Issuance, keyAuthorization: string, patience: Patience) =>
  Effect.gen(function* () {
    const { issuance, record } = yield* ensureWritten(domain, start, recordValue(keyAuthorization))
    if (record.isVisible) return issuance
    for (;;) {
      const { at, isVisible } = yield* checkRecord(record)
      if (isVisible) return yield* save(issuance, { record: { ...record, isVisible } })
      const elapsed = at - (record.addedAt ?? at)
      if (elapsed > propagationDeadline)
        return yield* new Hindered({ problem: problem("propagation", `TXT ${record.name} is not on every server`) })
      yield* patience.pause(pollInterval(elapsed), at)
    }
  })
