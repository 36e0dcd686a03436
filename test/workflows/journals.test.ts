import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { compareJournals, JournalFixture, recordJournals } from "effect-restate/testing"
import { contracts } from "../docs/contracts.ts"
import { commitStories, gitStories, slotStories } from "../support/workflows/buildStories.ts"
import { ControlPlane, on } from "../support/workflows/ControlPlane.ts"
import { certificateStories } from "../support/workflows/certificateStories.ts"
import { clickhouseUserStories } from "../support/workflows/clickhouseUsers.ts"
import { domainProofStories } from "../support/workflows/domainProofStories.ts"
import { domainStories } from "../support/workflows/domainStories.ts"
import { idlePreviewStories } from "../support/workflows/idlePreviews.ts"
import * as stories from "../support/workflows/stories.ts"
import { keyRefillStories, quotaCheckStories } from "../support/workflows/upkeepStories.ts"

/**
 * An invocation that is in flight while the worker is replaced replays its journal on the new code only if every step
 * is still there, in its order. So a change of a journal is deliberate: give the workflow a new version, or make sure that
 * none is in flight, and record anew with `UPDATE_JOURNALS=1 npx vitest run test/workflows/journals.test.ts`.
 */
const isRecording = process.env.UPDATE_JOURNALS === "1"
/** A folder with the records of another release, to know whether its journals would replay on this code. */
const otherRelease = process.env.JOURNALS_FROM
const FixtureFile = Schema.parseJson(JournalFixture, { space: 2 })

const folder = Effect.gen(function* () {
  const path = yield* Path.Path
  return otherRelease ?? (yield* path.fromFileUrl(new URL("fixtures/", import.meta.url)))
})

const fileNameOf = (story: string) => `${story.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.json`

const fixtureOf = (story: string) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    return path.join(yield* folder, fileNameOf(story))
  })

const readFixture = (file: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) =>
    Effect.flatMap(files.readFileString(file), Schema.decode(FixtureFile))
  )

const journalsOf = <More>({ run, world }: stories.Story<More>) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    yield* run
    yield* engine.drain
    return recordJournals(engine.invocations)
  }).pipe(on(world))

const matchesItsRecord = <More>(name: string, story: stories.Story<More>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const file = yield* fixtureOf(name)
    const current = yield* journalsOf(story)
    if (isRecording) yield* files.writeFileString(file, `${yield* Schema.encode(FixtureFile)(current)}\n`)
    // A story that is younger than the other release has nothing of it in flight.
    if (otherRelease !== undefined && !(yield* files.exists(file))) return
    const recorded = yield* readFixture(file)
    assert.deepStrictEqual(compareJournals(recorded, current), [])
    if (otherRelease === undefined) assert.sameMembers(Object.keys(current), Object.keys(recorded))
  }).pipe(Effect.provide(NodeContext.layer))

const compared: Array<string> = []

const matchTheirRecords = <More = never>(all: Readonly<Record<string, stories.Story<More>>>) => {
  for (const [name, story] of Object.entries(all)) {
    compared.push(name)
    it.effect(`${name} is what today's code would write`, () => matchesItsRecord(name, story))
  }
}

describe("the recorded journal of", () => {
  matchTheirRecords(stories.deployStories)
  matchTheirRecords(stories.switchStories)
  matchTheirRecords(stories.routingStories)
  matchTheirRecords(stories.versioningStories)
  matchTheirRecords(stories.deploymentStories)
  matchTheirRecords(domainProofStories)
  matchTheirRecords(domainStories)
  matchTheirRecords(clickhouseUserStories)
  matchTheirRecords(idlePreviewStories)
  matchTheirRecords(keyRefillStories)
  matchTheirRecords(quotaCheckStories)
  matchTheirRecords(gitStories)
  matchTheirRecords(slotStories)
  matchTheirRecords(commitStories)
  matchTheirRecords(certificateStories)
})

/** `hydra.v1.DeployService/proj_shop/Deploy#1` is an invocation of `hydra.v1.DeployService/Deploy`. */
const handlerOf = (invocation: string): string => {
  const [target = ""] = invocation.split("#")
  return `${target.slice(0, target.indexOf("/"))}/${target.slice(target.lastIndexOf("/") + 1)}`
}

const everyHandler = contracts.flatMap(({ handlers, name }) =>
  Object.keys(handlers).map((handler) => `${name}/${handler}`)
)

// Another release may have had fewer handlers, and stories by other names.
describe.skipIf(otherRelease !== undefined)("the recorded journals", () => {
  it.effect("are of every handler there is", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const here = yield* folder
      const fixtures = yield* Effect.forEach(yield* files.readDirectory(here), (name) =>
        readFixture(path.join(here, name))
      )
      const recorded = fixtures.flatMap((fixture) => Object.keys(fixture)).map(handlerOf)
      assert.sameMembers([...new Set(recorded)], everyHandler)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.effect("are each compared with what today's code writes", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const names = compared.map(fileNameOf)
      assert.sameMembers(yield* files.readDirectory(yield* folder), names)
      assert.lengthOf(new Set(names), names.length)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
