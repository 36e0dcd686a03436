import { createHash } from "node:crypto"
import { Clock, Effect, Either, Schema } from "effect"
import { key, step } from "effect-restate"
import { CertificateSettings } from "../../../services/certificate/CertificateSettings.ts"
import type { ChallengeRecord } from "../../../services/dns/ChallengeRecord.ts"
import { DnsResolver, type ServerAnswer } from "../../../services/dns/DnsResolver.ts"
import { DnsZone } from "../../../services/dns/DnsZone.ts"
import { recordOf } from "../../challenge/recordOf.ts"
import { type Issuance, save, type TxtRecord } from "../issuance.ts"
import { IssuanceBlocked, problem } from "../problems.ts"
import type { WaitBudget } from "../waitBudget.ts"

const second = 1000
/** Route 53 propagates to all of its servers within about a minute. */
const propagationDeadline = 10 * 60 * second

/** Value of the TXT record of dns-01 (RFC 8555, section 8.4). */
export const recordValue = (keyAuthorization: string): string =>
  createHash("sha256").update(keyAuthorization).digest("base64url")

/** Whether the zone's servers have the value. `Unanswered`: no server gave a usable answer. */
const Visibility = Schema.Literal("Everywhere", "Missing", "Unanswered")

const visibilityOf = (answers: ReadonlyArray<ServerAnswer>, value: string): typeof Visibility.Type => {
  const told = answers.flatMap(({ answer }) => (answer._tag === "Failed" ? [] : [answer]))
  if (told.length === 0) return "Unanswered"
  const isEverywhere = told.every((answer) => answer._tag === "Found" && answer.records.includes(value))
  return isEverywhere ? "Everywhere" : "Missing"
}

const addRecord = (record: ChallengeRecord, value: string) =>
  step(
    "add-record",
    Effect.gen(function* () {
      const changeId = yield* (yield* DnsZone).addTxt(record, value).pipe(
        Effect.catchTags({
          DnsZoneUnavailable: (error) => new IssuanceBlocked({ problem: problem("dnsProvider", error.message) }),
          DnsZoneRefused: (error) => new IssuanceBlocked({ problem: problem("dnsRefused", error.message) })
        })
      )
      return { changeId, addedAt: yield* Clock.currentTimeMillis }
    }),
    {
      output: Schema.Struct({ changeId: Schema.NullOr(Schema.String), addedAt: Schema.Number }),
      error: IssuanceBlocked
    }
  )

/**
 * Queries the servers of the record's own zone and ignores an alias at its name: a wildcard CNAME of the zone answers
 * for the name until the record exists. An unreachable provider counts as not in sync.
 */
const checkRecord = ({ changeId, name, value }: TxtRecord) =>
  step(
    "check-record",
    Effect.gen(function* () {
      const zone = yield* DnsZone
      const dns = yield* DnsResolver
      const inSync = changeId === null ? true : yield* Effect.orElseSucceed(zone.isInSync(changeId), () => false)
      const visibility = inSync ? visibilityOf(yield* dns.zoneTxt(name), value) : "Missing"
      return { at: yield* Clock.currentTimeMillis, visibility }
    }),
    { output: Schema.Struct({ at: Schema.Number, visibility: Visibility }) }
  )

const warnLeftBehind = (name: string, reason: string) =>
  Effect.logWarning("A DNS record was left behind", { name, problem: reason })

const removeTxt = (record: ChallengeRecord, value: string) =>
  step(
    "remove-record",
    Effect.flatMap(DnsZone, (zone) => zone.removeTxt(record, value)).pipe(
      // In a zone that we no longer control there is nothing that we could remove.
      Effect.catchTag("DnsZoneRefused", (error) => warnLeftBehind(record.name, error.message))
    )
  )

/** The record that this issuance may write and remove under the current settings. */
const recordOfIssuance = ({ domainId: id, workspaceId }: Issuance) =>
  Effect.gen(function* () {
    return recordOf({ id, workspaceId, name: yield* key }, yield* CertificateSettings)
  })

/**
 * Removes the value that this issuance wrote, and no other. A record at a name that the settings no longer allow is
 * left.
 */
export const removeRecord = (issuance: Issuance) =>
  Effect.gen(function* () {
    const { record: written } = issuance
    if (written === null) return issuance
    const record = Either.getOrNull(yield* recordOfIssuance(issuance))
    if (record?.name === written.name) yield* removeTxt(record, written.value)
    else yield* warnLeftBehind(written.name, "the settings allow no record there any more")
    return yield* save(issuance, { record: null })
  })

/** Stores the record in state before writing it, so that a crash cannot leave an untracked record. */
const ensureWritten = (record: ChallengeRecord, issuance: Issuance, value: string) =>
  Effect.gen(function* () {
    const { record: current } = issuance
    const isSame = current?.value === value && current.name === record.name
    if (isSame && current.addedAt !== null) return { issuance, written: current }
    const before = isSame ? issuance : yield* removeRecord(issuance)
    const intended = { name: record.name, value, changeId: null, addedAt: null, isVisible: false }
    const intending = yield* save(before, { record: intended })
    const written = { ...intended, ...(yield* addRecord(record, value)) }
    return { issuance: yield* save(intending, { record: written }), written }
  })

const pollInterval = (elapsed: number): number => (elapsed < 30 * second ? 4 * second : 10 * second)

const propagationProblem = (name: string, visibility: typeof Visibility.Type) =>
  visibility === "Unanswered"
    ? problem("dnsSilent", `no name server of the zone answered for ${name}`)
    : problem("propagation", `TXT ${name} is not on every server`)

/** Succeeds once every authoritative server has the value that proves the domain. */
export const ensureRecord = (start: Issuance, keyAuthorization: string, budget: WaitBudget) =>
  Effect.gen(function* () {
    const record = yield* Either.mapLeft(
      yield* recordOfIssuance(start),
      ({ reason }) => new IssuanceBlocked({ problem: problem("dnsRefused", reason) })
    )
    const { issuance, written } = yield* ensureWritten(record, start, recordValue(keyAuthorization))
    if (written.isVisible) return issuance
    for (;;) {
      const { at, visibility } = yield* checkRecord(written)
      if (visibility === "Everywhere") return yield* save(issuance, { record: { ...written, isVisible: true } })
      const elapsed = at - (written.addedAt ?? at)
      if (elapsed > propagationDeadline)
        return yield* new IssuanceBlocked({ problem: propagationProblem(written.name, visibility) })
      yield* budget.wait(pollInterval(elapsed), at)
    }
  })
