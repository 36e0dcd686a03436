import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FastCheck as fc, TestClock } from "effect"
import { deployLines } from "../../src/cli/deployReport.ts"
import { withoutTime } from "../../src/cli/factLines.ts"
import { changedLines, type Frame, watching } from "../../src/cli/watch.ts"
import { codeBlocks, fileOf } from "../docs/Markdown.ts"
import { deployment, invocation, now, waiting } from "../operations/facts.ts"

const frameOf = (facts: typeof waiting): Frame => ({
  lines: deployLines(facts),
  timeless: deployLines(withoutTime(facts))
})

/** Runs a watch for this long and answers with what it printed. */
const printedBy = (frames: ReadonlyArray<Frame>, isTerminal: boolean) =>
  Effect.gen(function* () {
    const printed: Array<string> = []
    let read = 0
    const next = Effect.sync(() => frames[Math.min(read++, frames.length - 1)] ?? { lines: [], timeless: [] })
    const watch = yield* Effect.fork(
      Effect.consoleWith((console) =>
        Effect.withConsole(watching(next, { isTerminal }), {
          ...console,
          log: (text) => Effect.sync(() => void printed.push(String(text)))
        })
      )
    )
    yield* TestClock.adjust(`${2 * (frames.length - 1)} seconds`)
    yield* Fiber.interrupt(watch)
    return printed
  })

describe("what is shown of a deployment", () => {
  it("is what the documents show", () => {
    const shown = codeBlocks(fileOf("docs/commands.md")).map(({ code }) => code)
    assert.include(shown.join("\n"), deployLines(waiting).join("\n"))
  })

  it("a failed phase has its reason, and a failed step its error and its next try", () => {
    const lines = deployLines({
      ...waiting,
      deployment: { ...deployment, status: "failed" },
      phases: [{ step: "building", startedAt: now - 5000, endedAt: now - 1000, error: "no\u001b[31m Dockerfile" }],
      invocation: {
        ...invocation,
        status: "backing-off",
        attempts: 3,
        nextRetryAt: now + 4000,
        failure: { code: "RT0007", step: "fail-deployment", reason: "DeploymentStore.fail: timeout" }
      },
      missing: [{ source: "database", reason: "connection" }]
    }).join("\n")
    assert.include(lines, "  building    4s, failed: no\\u{1b}[31m Dockerfile")
    assert.include(lines, "backing-off, attempt 3")
    assert.include(
      lines,
      "step fail-deployment, RT0007: DeploymentStore.fail: timeout; next try 2026-12-01 10:00:04 (in 4s)"
    )
    assert.include(lines, "missing     database: connection")
  })

  it("no text of a tenant reaches the terminal as a control character, or fills the screen", () => {
    const hostile = fc.string({ unit: "binary", maxLength: 1500 })
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = deployLines({
          ...waiting,
          id: text,
          deployment: {
            ...deployment,
            workspaceSlug: text,
            projectSlug: text,
            environmentSlug: text,
            image: text,
            buildId: text,
            gitBranch: text,
            gitCommitSha: text,
            gitCommitMessage: text,
            gitCommitAuthorHandle: text
          },
          phases: [{ step: text, startedAt: now, endedAt: now, error: text }],
          regions: [{ region: text, desiredReplicas: 1, running: 0, failed: 0 }],
          invocation: {
            ...invocation,
            id: text,
            key: text,
            lastStep: text,
            traceId: text,
            waitsFor: { _tag: "Call", target: text, invocation: text },
            failure: { code: text, step: text, reason: text }
          },
          otherInvocations: [text],
          missing: [{ source: "restate", reason: text }]
        })
        for (const line of lines) {
          assert.notMatch(line, /[\p{Cc}\p{Cf}\u2028\u2029]/u)
          assert.isAtMost([...line].length, 900)
        }
      }),
      { numRuns: 25 }
    )
  })
})

describe("a watch", () => {
  const later = {
    ...waiting,
    now: now + 2000,
    invocation: { ...invocation, waitsFor: { _tag: "Timer", until: now + 4000 } as const }
  }
  const running = { ...later, regions: waiting.regions.map((region) => ({ ...region, running: 2, failed: 0 })) }

  it("time alone changes no line", () => {
    assert.deepStrictEqual(changedLines(frameOf(waiting), frameOf(later)), [])
    assert.deepStrictEqual(changedLines(undefined, frameOf(waiting)), deployLines(waiting))
  })

  it.effect("prints what has changed where there is no terminal", () =>
    Effect.gen(function* () {
      const printed = yield* printedBy([frameOf(waiting), frameOf(later), frameOf(running)], false)
      const count = deployLines(waiting).length
      assert.deepStrictEqual(printed.slice(0, count), deployLines(waiting))
      assert.lengthOf(printed, count + 1)
      assert.include(printed.at(-1), "us-east-1.aws 2 of 1 running")
    })
  )

  it.effect("redraws a terminal with everything every two seconds", () =>
    Effect.gen(function* () {
      const printed = yield* printedBy([frameOf(waiting), frameOf(later)], true)
      assert.lengthOf(printed, 2)
      for (const text of printed) assert.isTrue(text.startsWith("\u001b[H\u001b[2J"))
    })
  )
})
