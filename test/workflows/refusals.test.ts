import { assert, describe, it } from "@effect/vitest"
import { Effect, ParseResult, Schema } from "effect"
import { type HandlerContract, type Observer, opaque, silentObserver } from "effect-restate"
import { drainingAttempt } from "effect-restate/testing"
import { contracts } from "../docs/contracts.ts"
import { ControlPlane, type ControlPlaneOptions, on } from "../support/workflows/ControlPlane.ts"
import { answerOf, timed } from "../support/workflows/queries.ts"
import type { Story } from "../support/workflows/Story.ts"
import { unfinished } from "../support/workflows/scenario.ts"
import { storyGroups } from "../support/workflows/storyGroups.ts"

/** What a story does: handlers that run, statements that the database is asked, messages between handlers. */
interface Footprint {
  readonly handlers: ReadonlySet<string>
  readonly statements: ReadonlySet<string>
  readonly messages: ReadonlySet<string>
  /** `service/handler` and `service/handler/step` that Restate repeats also when nothing is refused. */
  readonly repeated: ReadonlySet<string>
}

interface Told {
  readonly name: string
  /** Runs it, then tells its footprint, and how long the next caller of each key that it used has to wait, in milliseconds. */
  readonly run: (options: Pick<ControlPlaneOptions, "refuses">) => Effect.Effect<Outcome, unknown>
}

interface Outcome extends Footprint {
  readonly waits: ReadonlyArray<{ readonly key: string; readonly took: number; readonly code: number }>
  readonly unfinished: ReadonlyArray<string>
}

const exclusiveHandler = (service: string): string | undefined => {
  const handlers = contracts.find(({ name }) => name === service)?.handlers ?? {}
  return Object.keys(handlers).find((handler) => handlers[handler]?.mode === "exclusive")
}

/** A request that is refused for its body as soon as it has its key, and so tells how long the key was held by others. */
const askForKey = (service: string, key: string) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const handler = exclusiveHandler(service)
    if (handler === undefined) return []
    const { answer, took } = yield* timed(answerOf(engine.request({ service, key, handler }, new Uint8Array([91]))))
    return [{ key: `${service}/${key}`, took, code: answer.code }]
  })

const told = (name: string, { run, world }: Story): Told => ({
  name,
  run: ({ refuses = () => false }) =>
    Effect.suspend(() => {
      const repeated = new Set<string>()
      const statements = new Set<string>()
      const observer: Observer = {
        ...silentObserver,
        attemptEnded: ({ handler, outcome, service }) => {
          if (outcome === "defect") repeated.add(`${service}/${handler}`)
        },
        stepEnded: ({ handler, outcome, service, step }) => {
          if (outcome === "defect") repeated.add(`${service}/${handler}/${step}`)
        }
      }
      const asked = (operation: string) => {
        statements.add(operation)
        return refuses(operation)
      }
      return Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* Effect.exit(run)
        const used = engine.invocations.map(({ target }) => target)
        const keys = new Map(used.map((target) => [`${target.service}/${target.key}`, target]))
        const waits = yield* Effect.forEach([...keys.values()], ({ key, service }) => askForKey(service, key))
        yield* engine.drain
        const entries = engine.invocations.flatMap((invocation) => invocation.entries)
        return {
          handlers: new Set(used.map(({ handler, service }) => `${service}/${handler}`)),
          statements,
          messages: new Set(
            entries.filter(({ kind }) => kind === "call" || kind === "send").map((entry) => entry.name)
          ),
          repeated,
          waits: waits.flat(),
          unfinished: unfinished(engine)
        }
      }).pipe(on({ ...world, observer, refuses: asked }))
    })
})

const everyStory: ReadonlyArray<Told> = storyGroups.flatMap(({ stories }) =>
  Object.entries(stories).map(([name, story]) => told(name, story))
)

const minute = 60_000

/** Nothing was repeated that is not repeated anyway, nothing is stuck, and every key is free for its next caller. */
const expectFreed = (what: string, before: Footprint, after: Outcome) => {
  assert.deepStrictEqual(after.unfinished, [], `${what}: stuck`)
  assert.deepStrictEqual(
    [...after.repeated].filter((place) => !before.repeated.has(place)),
    [],
    `${what}: repeated`
  )
  assert.deepStrictEqual(
    after.waits.filter(({ code, took }) => code !== 400 || took > minute),
    [],
    `${what}: held`
  )
}

/** A handler's input that every workflow writes in vain; callers from outside are understood as before. */
const unwritable = ({ input }: HandlerContract): HandlerContract["input"] =>
  Schema.transformOrFail(opaque(input), Schema.typeSchema(opaque(input)), {
    strict: true,
    decode: ParseResult.succeed,
    encode: (value, _options, ast) =>
      drainingAttempt() === undefined
        ? ParseResult.succeed(value)
        : ParseResult.fail(new ParseResult.Type(ast, value, "no workflow can write this"))
  })

const withUnwritable = <A, E, R>(message: string, effect: Effect.Effect<A, E, R>) => {
  const [service, handler = ""] = message.split("/")
  const handlers = contracts.find(({ name }) => name === service)?.handlers
  const declared = handlers?.[handler]
  if (handlers === undefined || declared === undefined) return Effect.dieMessage(`${message} has no contract`)
  const put = (value: HandlerContract) => Effect.sync(() => Object.assign(handlers, { [handler]: value }))
  return Effect.acquireUseRelease(
    put({ ...declared, input: unwritable(declared) }),
    () => effect,
    () => put(declared)
  )
}

describe("what cannot pass", () => {
  const covered = new Set<string>()

  for (const { name, run } of everyStory) {
    it.effect(
      `holds no key and is not repeated, whatever statement the database refuses for good: ${name}`,
      () =>
        Effect.gen(function* () {
          const before = yield* run({})
          for (const handler of before.handlers) covered.add(handler)
          for (const refused of before.statements) {
            const after = yield* run({ refuses: (operation) => operation === refused })
            expectFreed(refused, before, after)
          }
        }),
      60_000
    )

    it.effect(
      `holds no key and is not repeated, whichever message cannot be written: ${name}`,
      () =>
        Effect.gen(function* () {
          const before = yield* run({})
          for (const message of before.messages) expectFreed(message, before, yield* withUnwritable(message, run({})))
        }),
      60_000
    )
  }

  it("is tried in every handler of every contract", () => {
    const handlers = contracts.flatMap((contract) =>
      Object.keys(contract.handlers).map((it) => `${contract.name}/${it}`)
    )
    assert.deepStrictEqual(
      handlers.filter((handler) => !covered.has(handler)),
      [],
      "add a story of each handler to a *.stories.ts below test/workflows"
    )
  })
})
