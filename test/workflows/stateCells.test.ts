import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { defaultLimits, serdeOf } from "effect-restate"
import { KnownRenewalInfo } from "../../src/workflows/certificate/decide/decideRenewal.ts"
import { Issuance } from "../../src/workflows/certificate/issuance.ts"
import { Failures, IssuanceTimes, withIssuance } from "../../src/workflows/certificate/order/attempts.ts"
import { TransitionState } from "../../src/workflows/compat/transitionState.ts"
import { Run as DomainRun } from "../../src/workflows/customDomain/CustomDomainWorkflows.ts"
import { MissingProof } from "../../src/workflows/domainProof/decideProof.ts"
import { RefillProgress } from "../../src/workflows/keyRefill/KeyRefillWorkflows.ts"
import { StoredNotice } from "../../src/workflows/quotaCheck/QuotaNoticeWorkflows.ts"

const src = fileURLToPath(new URL("../../src/", import.meta.url))

/** Six bytes each in JSON, which is the most that one code point takes. */
const wide = (codePoints: number): string => "\u0000".repeat(codePoints)
const id = wide(256)
const number = Number.MAX_SAFE_INTEGER
/** The CA names its resources in headers, of which Node's parser takes 16 KiB in all. */
const url = wide(16 * 1024 - 1)

const filled = <A, I>(schema: Schema.Schema<A, I>, widest: NoInfer<A>) => ({
  bytes: serdeOf(schema, defaultLimits.payloadBytes).serialize(widest).length,
  least: JSON.stringify(Schema.encodeSync(schema)(widest)).length
})

/** The largest value that each cell can come to hold, by its name. */
const cells: Readonly<Record<string, ReadonlyArray<() => { readonly bytes: number; readonly least: number }>>> = {
  issuance: [
    () =>
      filled(Issuance, {
        domainId: id,
        workspaceId: id,
        nonce: id,
        resumeAt: number,
        kind: "renewal",
        isForced: false,
        replaces: id,
        // A key of 4096 bits as PEM, in a vault's envelope.
        encryptedKey: wide(8 * 1024),
        orderUrl: url,
        record: { name: wide(253), value: wide(43), changeId: id, addedAt: number, isVisible: false },
        answeredAt: number,
        finalizedAt: number,
        attempts: number
      })
  ],
  issued: [
    () =>
      filled(
        IssuanceTimes,
        Array.from({ length: 100 }, (_, nth) => number - nth).reduce<ReadonlyArray<number>>(withIssuance, [])
      )
  ],
  failures: [() => filled(Failures, { count: number, at: number, nonce: id })],
  renewal: [
    () => filled(KnownRenewalInfo, { certificateId: id, window: { start: number, end: number }, askAgainAt: number })
  ],
  run: [
    () => filled(DomainRun, { nonce: id, startedAt: number, domainId: id, failedChecks: number, isConfirming: false })
  ],
  missing: [() => filled(MissingProof, { domainId: id, since: number })],
  last_notice: [() => filled(StoredNotice, { period: wide(7), at: number })],
  progress: [() => filled(RefillProgress, { at: number, cursor: 2n ** 64n - 1n, refilled: number, done: false })],
  transition: [() => filled(TransitionState, { nonce: id, to: "unspecified" })],
  version: [() => filled(Schema.BigIntFromNumber, BigInt(number))]
}

/** Why a cell has no largest value here. */
const elsewhere: Readonly<Record<string, string>> = {
  queue: "test/workflows/builds/slotQueue.test.ts: a queue at its own limit",
  notified_workspaces: "written by the Go worker; this one takes entries out of it",
  processed_keys: "written by the Go worker; this one clears it"
}

const declared = readdirSync(`${src}workflows`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => [...readFileSync(`${src}workflows/${file}`, "utf8").matchAll(/stateCell\("(\w+)"/g)])
  .map(([, name = ""]) => name)

describe("the state of objects", () => {
  it("is known here, cell by cell", () => {
    const known = [
      ...Object.entries(cells).flatMap(([name, values]) => values.map(() => name)),
      ...Object.keys(elsewhere)
    ]
    assert.deepStrictEqual(
      declared.sort(),
      known.sort(),
      "add the largest value of each stateCell in src/workflows to `cells` of this file"
    )
  })

  for (const [name, values] of Object.entries(cells))
    it(`can be written when ${name} is filled to its limit with the widest values`, () => {
      for (const value of values) {
        const { bytes, least } = value()
        assert.isAtLeast(bytes, least)
        assert.isBelow(bytes, defaultLimits.payloadBytes)
      }
    })
})
