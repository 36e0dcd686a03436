import { assert, describe, it } from "@effect/vitest"
import {
  type BlockedInvocation,
  planReports,
  type ReportHistory,
  repeatMillis
} from "../../src/operations/planReports.ts"
import type { BlockReason } from "../../src/operations/remediationFor.ts"

const finding = (id: string, trouble: BlockReason = "paused"): BlockedInvocation => ({
  invocation: {
    id,
    service: "S",
    handler: "H",
    key: null,
    status: "paused",
    createdAt: 0,
    modifiedAt: 0,
    dueAt: null,
    startedAt: 0,
    attemptAt: null,
    attempts: 0,
    failure: { code: null, step: null }
  },
  trouble,
  since: 0,
  waiting: 0
})

/** Runs polls a minute apart; returns the reports of each: ids, and recovered ones with a plus. */
const said = (looks: ReadonlyArray<readonly [found: ReadonlyArray<BlockedInvocation>, isWhole?: boolean]>) => {
  let memory: ReportHistory = new Map()
  return looks.map(([found, isWhole = true], minute) => {
    const reports = planReports(memory, found, minute * 60_000, isWhole)
    memory = reports.history
    return [
      ...reports.toReport.map(({ invocation: { id } }) => id),
      ...reports.recovered.map(({ invocation: { id } }) => `+${id}`)
    ].join(" ")
  })
}

describe("what is said about invocations in trouble", () => {
  it("each one once, its recovery once, and a relapse again", () => {
    const [a, b] = [finding("a"), finding("b")]
    assert.deepStrictEqual(said([[[a]], [[a, b]], [[a, b]], [[b]], [[a, b]], [[]], [[]]]), [
      "a",
      "b",
      "",
      "+a",
      "a",
      "+a +b",
      ""
    ])
  })

  it("again after an hour, and not before", () => {
    const minutes = repeatMillis / 60_000
    const looks = said(Array.from({ length: 2 * minutes + 1 }, () => [[finding("a")]] as const))
    const spoken = looks.flatMap((words, minute) => (words === "" ? [] : [minute]))
    assert.deepStrictEqual(spoken, [0, minutes, 2 * minutes])
  })

  it("at once when the trouble becomes another one", () => {
    assert.deepStrictEqual(
      said([[[finding("a", "retrying")]], [[finding("a", "paused")]], [[finding("a", "paused")]]]),
      ["a", "a", ""]
    )
  })

  it("nothing recovers that a look did not show because it showed only a part", () => {
    const [a, b] = [finding("a"), finding("b")]
    assert.deepStrictEqual(said([[[a, b]], [[b], false], [[a, b]], [[]]]), ["a b", "", "", "+a +b"])
  })
})
