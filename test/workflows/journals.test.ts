import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { compareJournals, JournalFixture, recordJournals } from "../../src/restate/testing/JournalFixture.ts"
import { commitStories, gitStories, slotStories } from "../support/workflows/buildStories.ts"
import { ControlPlane, on } from "../support/workflows/ControlPlane.ts"
import { certificateStories } from "../support/workflows/certificateStories.ts"
import { clickhouseUserStories } from "../support/workflows/clickhouseUsers.ts"
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
const FixtureFile = Schema.parseJson(JournalFixture, { space: 2 })

const fixtureOf = (name: string) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const here = yield* path.fromFileUrl(new URL("fixtures/", import.meta.url))
    return path.join(here, `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.json`)
  })

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
    const recorded = yield* Effect.flatMap(files.readFileString(file), Schema.decode(FixtureFile))
    assert.deepStrictEqual(compareJournals(recorded, current), [])
    assert.sameMembers(Object.keys(current), Object.keys(recorded))
  }).pipe(Effect.provide(NodeContext.layer))

const matchTheirRecords = <More = never>(all: Readonly<Record<string, stories.Story<More>>>) => {
  for (const [name, story] of Object.entries(all))
    it.effect(`${name} is what today's code would write`, () => matchesItsRecord(name, story))
}

describe("the recorded journal of", () => {
  matchTheirRecords(stories.deployStories)
  matchTheirRecords(stories.switchStories)
  matchTheirRecords(stories.routingStories)
  matchTheirRecords(stories.versioningStories)
  matchTheirRecords(stories.deploymentStories)
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
