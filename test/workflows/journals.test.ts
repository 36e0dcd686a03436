import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { compareJournals, JournalFixture, recordJournals } from "effect-restate/testing"
import { contracts } from "../docs/contracts.ts"
import { ControlPlane, on } from "../support/workflows/ControlPlane.ts"
import type { Story } from "../support/workflows/Story.ts"
import { storyGroups } from "../support/workflows/storyGroups.ts"

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

const journalsOf = ({ run, world }: Story) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    yield* run
    yield* engine.drain
    return recordJournals(engine.invocations)
  }).pipe(on(world))

const matchesItsRecord = (name: string, story: Story) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const file = yield* fixtureOf(name)
    const current = yield* journalsOf(story)
    if (isRecording) yield* files.writeFileString(file, `${yield* Schema.encode(FixtureFile)(current)}\n`)
    // A story that is younger than the other release has nothing of it in flight.
    if (otherRelease !== undefined && !(yield* files.exists(file))) return
    assert.isTrue(
      yield* files.exists(file),
      `${name} has no recorded journal: UPDATE_JOURNALS=1 npx vitest run test/workflows/journals.test.ts writes ${file}`
    )
    const recorded = yield* readFixture(file)
    assert.deepStrictEqual(
      compareJournals(recorded, current),
      [],
      "invocations in flight would not replay; if that is meant, record anew: docs/upgrading.md"
    )
    if (otherRelease === undefined) assert.sameMembers(Object.keys(current), Object.keys(recorded))
  }).pipe(Effect.provide(NodeContext.layer))

const recordedStories = storyGroups.flatMap(({ stories }) => Object.entries(stories))

describe("the recorded journal of", () => {
  for (const [name, story] of recordedStories)
    it.effect(`${name} is what today's code would write`, () => matchesItsRecord(name, story))
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
      assert.sameMembers(
        [...new Set(recorded)],
        everyHandler,
        "add a story of each handler to a *.stories.ts below test/workflows, and record it with UPDATE_JOURNALS=1"
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.effect("are each compared with what today's code writes", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const names = recordedStories.map(([name]) => fileNameOf(name))
      assert.sameMembers(
        yield* files.readDirectory(yield* folder),
        names,
        "test/workflows/fixtures: remove the journal of a story that is gone; record that of a new one with UPDATE_JOURNALS=1"
      )
      assert.lengthOf(new Set(names), names.length, "two stories have the same name")
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
