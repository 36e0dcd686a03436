import { createHash } from "node:crypto"
import { Effect, Either, Schema } from "effect"
import { type Invocation, type JournalPoint, nameOf } from "effect-restate/testing"
import { ControlPlane, on } from "./ControlPlane.ts"
import type { Story } from "./Story.ts"

type Entry = Invocation["entries"][number]
type Answer = Entry["answer"]

/** A journal point of a story's undisturbed run, with what its handler had done and read by then. */
export interface KillPoint {
  readonly point: JournalPoint
  /** The handler, and kind and name of each entry up to this point. */
  readonly steps: string
  /** `steps` with what each entry answered, without names, ids, numbers and times. */
  readonly branch: string
}

/** A short story is killed at every point, whatever it shares with others. */
const shortStory = 60

const parseJson = Schema.decodeUnknownEither(Schema.parseJson())

/** What decides a branch: `pending`, true, null, an empty list. Two stories have other ids and times in the same branch. */
const shapeOf = (value: unknown): unknown => {
  if (typeof value === "string") return /^[A-Za-z_-]{1,20}$/.test(value) ? value : "a text"
  if (typeof value === "number") return "a number"
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]))
}

const bytesInWords = (bytes: Uint8Array): string => {
  const text = Buffer.from(bytes).toString()
  return text === ""
    ? ""
    : Either.match(parseJson(text), { onLeft: () => text, onRight: (it) => JSON.stringify(shapeOf(it)) })
}

const answerInWords = (answer: Answer): string => {
  if (answer === undefined) return "no answer"
  if (answer.ok) return bytesInWords(answer.bytes)
  return `${answer.error.code} ${answer.error.message} ${JSON.stringify(answer.error.metadata ?? {})}`
}

const stepInWords = ({ kind, name }: Pick<Entry, "kind" | "name">): string => `${kind} ${name}`

/** What a point's invocation had in its journal when it was reached. */
interface Reached {
  readonly point: JournalPoint
  readonly invocation: Invocation
  readonly before: ReadonlyArray<Entry>
  readonly answers: ReadonlyArray<Answer>
  readonly order: string
}

const reachedAt = (point: JournalPoint, invocation: Invocation): Reached => {
  const before = invocation.entries.slice(0, point.index)
  return { point, invocation, before, answers: before.map(({ answer }) => answer), order: invocation.order.join() }
}

const killPointOf = ({ answers, before, invocation, order, point }: Reached, times: number): KillPoint => {
  const { handler, service } = invocation.target
  const steps = [`${service}/${handler}`, ...[...before, point].map(stepInWords), point.phase]
  // The result of a body is stored after the point within it, and not at all by an execution that is retried.
  const result = point.phase === "before" ? "" : answerInWords(invocation.entries[point.index]?.answer)
  const read = [bytesInWords(invocation.input), order, ...answers.map(answerInWords), result, String(times)]
  const branch = createHash("sha256").update(JSON.stringify([steps, read]))
  return { point, steps: steps.join("\n"), branch: branch.digest("hex") }
}

/** Every point that the undisturbed story reaches, at the first time that it does. */
const reachedBy = <More>({ run, world }: Story<More>): Effect.Effect<ReadonlyArray<KillPoint>> =>
  Effect.suspend(() => {
    const reached = new Map<string, Reached>()
    const times = new Map<string, number>()
    let invocations: () => ReadonlyArray<Invocation> = () => []
    const note = (point: JournalPoint) => {
      const name = nameOf(point)
      times.set(name, (times.get(name) ?? 0) + 1)
      const invocation = invocations().find(({ label }) => label === point.invocation)
      if (!reached.has(name) && invocation !== undefined) reached.set(name, reachedAt(point, invocation))
      return undefined
    }
    return Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      invocations = () => engine.invocations
      // A story that fails is told by its own matrix.
      yield* Effect.exit(run)
      yield* engine.drain
      return [...reached].map(([name, it]) => killPointOf(it, times.get(name) ?? 0))
    }).pipe(on<More>({ ...world, cancels: note }))
  })

export interface StoryPoints {
  readonly reached: ReadonlyArray<KillPoint>
  readonly killed: ReadonlyArray<KillPoint>
}

/**
 * The points at which each story is killed, so that each step of each branch is killed in one of them: all points of a short
 * story, and of a longer one those that no story before it reaches on the same branch.
 */
export const killPoints = <More>(
  stories: Readonly<Record<string, Story<More>>>
): Effect.Effect<Readonly<Record<string, StoryPoints>>> =>
  Effect.gen(function* () {
    const known = new Set<string>()
    const points: Record<string, StoryPoints> = {}
    for (const [name, story] of Object.entries(stories)) {
      const reached = yield* reachedBy(story)
      const killed = reached.length <= shortStory ? reached : reached.filter(({ branch }) => !known.has(branch))
      for (const { branch } of reached) known.add(branch)
      points[name] = { reached, killed }
    }
    return points
  })
