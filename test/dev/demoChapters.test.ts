import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { linesOfBuild, shortHashes, shortImage } from "../../dev/demo/buildLog.ts"
import { numberedChapters, summaryOf } from "../../dev/demo/Chapters.ts"
import { failureText } from "../../dev/stack/Command.ts"

/** What the effect logs, and how it ends. */
const logged = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const recorder = Logger.make(({ message }) => lines.push(String(message)))
    const exit = yield* Effect.exit(Effect.provide(effect, Logger.replace(Logger.defaultLogger, recorder)))
    return { lines, exit }
  })

describe("the chapters of the demo", () => {
  it.effect("are numbered behind an empty line, counted, and named when they are left out", () =>
    Effect.gen(function* () {
      const { leaveOut, summary, tell } = numberedChapters(3)
      const told = Effect.zipRight(
        tell("Deploys", Effect.logInfo("done")),
        Effect.zipRight(leaveOut("Builds", "there is no builder here"), tell("Refill", Effect.void))
      )
      const { lines } = yield* logged(told)
      assert.deepStrictEqual(lines, [
        ...["", "(1/3) Deploys", "done"],
        ...["", "(2/3) Builds", "  left out: there is no builder here"],
        ...["", "(3/3) Refill"]
      ])
      assert.match(yield* summary, /^2 of 3 chapters as promised in \d+ s, 1 left out \(Builds\)$/)
    })
  )

  it.effect("name the one that failed, and not one that was only interrupted", () =>
    Effect.gen(function* () {
      const failed = yield* logged(numberedChapters(3).tell("Deploys", Effect.fail("no")))
      assert.strictEqual(failed.lines.at(-1), "Chapter 1 of 3 failed: Deploys")
      const interrupted = yield* logged(numberedChapters(3).tell("Deploys", Effect.interrupt))
      assert.strictEqual(interrupted.lines.at(-1), "(1/3) Deploys")
    })
  )

  it("are summed up in one line", () => {
    assert.strictEqual(summaryOf({ asPromised: 9, leftOut: [] }, 9, 41.4), "9 of 9 chapters as promised in 41 s")
  })

  it("report a failure with its causes, which have the reason", () => {
    const deadlock = new Error("Deadlock found when trying to get lock")
    assert.strictEqual(
      failureText(new Error("Failed to execute statement", { cause: deadlock })),
      "Failed to execute statement\n  cause: Deadlock found when trying to get lock"
    )
    const cycle = new Error("round")
    cycle.cause = cycle
    assert.lengthOf(failureText(cycle).split("\n"), 4)
  })

  it("show what the commands of a build wrote, and not what git says while the commit is fetched", () => {
    const log = [
      "Initialized empty Git repository in /x/.git/",
      `fatal: Not a valid object name ${"ab".repeat(20)}^{commit}`,
      "From http://127.0.0.1:1/acme/shop",
      ` * branch            ${"ab".repeat(20)} -> FETCH_HEAD`,
      "setting the table",
      "fatal: a program of the build failed",
      ""
    ].join("\n")
    assert.deepStrictEqual(linesOfBuild(log), ["setting the table", "fatal: a program of the build failed"])
  })

  it("show digests and commits by their first characters", () => {
    const digest = `sha256:${"0123456789abcdef".repeat(4)}`
    assert.strictEqual(shortImage(`127.0.0.1:1/ws-1/proj-1@${digest}`), "proj-1@sha256:0123456789ab…")
    assert.strictEqual(shortHashes(`shop.git#${"a1".repeat(20)} x`), "shop.git#a1a1a1a… x")
  })
})
