import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { buildLines } from "../../src/cli/buildReport.ts"
import { deployLines } from "../../src/cli/deployReport.ts"
import { codeBlocks, fileOf } from "../docs/Markdown.ts"
import { building, fromGit, queued } from "../operations/builds.ts"
import { now } from "../operations/facts.ts"

describe("what is shown of a build", () => {
  it("is what the documents show", () => {
    const shown = codeBlocks(fileOf("docs/commands.md"))
      .map(({ code }) => code)
      .join("\n")
    assert.include(shown, buildLines(building).join("\n"))
    assert.include(shown, buildLines(queued).join("\n"))
  })

  it("while it waits for a slot `deploy` shows its place in the queue and what holds the slots", () => {
    const { deploy } = queued
    assert.isNotNull(deploy)
    const lines = deploy === null ? [] : deployLines(deploy)
    assert.include(lines, "  slot        place 2 of 3 in the queue of the workspace; slots are held by d_4Fq, d_9Lm")
  })

  it("a build that has ended has its image or its failure, and when it ended", () => {
    const { build } = building
    const ended = (change: Partial<NonNullable<typeof build>>) =>
      buildLines({ ...building, build: build && { ...build, leaseUntil: now - 60_000, ...change } })
    const digest = `sha256:${"a".repeat(64)}`
    const succeeded = ended({ state: "succeeded", image: "registry.example/shop:d_1", digest })
    assert.include(succeeded, `  image       registry.example/shop:d_1, ${digest}`)
    assert.include(succeeded, "  ended       2026-12-01 09:59:00 (1m ago)")
    const failed = ended({ state: "failed", failure: { kind: "command_failed", message: "exit code 7\u001b[31m" } })
    assert.include(failed, "  failed      command_failed: exit code 7\\u{1b}[31m")
    assert.include(ended({ state: "lost" }).join("\n"), "has not renewed its lease, which ended 2026-12-01 09:59:00")
  })

  it("no text of a tenant reaches the terminal as a control character, or fills the screen", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 1500 }), (text) => {
        const { build, deploy } = building
        const lines = buildLines({
          ...building,
          id: text,
          build: build && {
            ...build,
            detail: text,
            image: text,
            digest: text,
            externalBuildId: text,
            failure: { kind: "unknown", message: text }
          },
          otherBuilds: build === null ? [] : [{ ...build, id: text }],
          deploy: deploy && {
            ...deploy,
            id: text,
            deployment: { ...fromGit, projectSlug: text, gitBranch: text, gitCommitMessage: text },
            slot: {
              state: "waiting",
              position: 1,
              waiting: 1,
              leaseEnds: now,
              holders: Array.from({ length: 20 }, () => ({ deploymentId: text, buildId: text, leaseEnds: now }))
            }
          },
          log: [{ at: now, text }],
          missing: [{ source: "clickhouse", reason: text }]
        })
        for (const line of lines) {
          assert.notMatch(line, /[\p{Cc}\p{Cf}\u2028\u2029]/u)
          assert.isAtMost([...line].length, 900)
        }
      }),
      { numRuns: 10 }
    )
  })
})
