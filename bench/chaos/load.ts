import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Array as Arr, Clock, Duration, Effect, Option, Random, Ref, Schedule } from "effect"
import { Ingress, IngressUnavailable } from "effect-restate/ingress"
import { type SeededProject, seedDeployment, seedProject } from "../../dev/simulators/seed.ts"
import { DeployService } from "../../src/contract/DeployService.ts"

/** What must be so after a command, and after every command before it. */
export interface Position {
  readonly live: string
  readonly rolledBack: boolean
}

/** A project as its only caller expects it. */
export interface Expected {
  readonly project: SeededProject
  /** Deployments that are ready, the oldest first. */
  readonly ready: ReadonlyArray<string>
  /** Every change of the live position, in order. */
  readonly history: ReadonlyArray<Position>
}

export interface Done {
  readonly at: number
  readonly millis: number
}

/** The answer to a command was not the one that its project's history calls for, or there was none in ten minutes. */
export interface Wrong {
  readonly command: string
  readonly answer: string
}

export interface Outcome {
  readonly expected: ReadonlyArray<Expected>
  readonly done: ReadonlyArray<Done>
  readonly wrong: ReadonlyArray<Wrong>
}

const untilTheDatabaseIsBack = <A>(effect: Effect.Effect<A, SqlError, SqlClient>) =>
  Effect.retry(effect, Schedule.spaced("200 millis")).pipe(Effect.orDie)

type Command = "Deploy" | "Promote" | "Rollback"

/** The first two are deploys, so that there is something to switch between. */
const choose = ({ ready }: Expected): Effect.Effect<Command> =>
  Effect.map(Random.next, (dice) => {
    if (ready.length < 2 || dice < 0.4) return "Deploy"
    return dice < 0.75 ? "Promote" : "Rollback"
  })

const positionOf = ({ history }: Expected): Position | undefined => history.at(-1)

/** The project once the command has done what it promises. */
const after = (expected: Expected, command: Command, target: string): Expected => {
  const rolledBack = positionOf(expected)?.rolledBack ?? false
  const ready = command === "Deploy" ? [...expected.ready, target] : expected.ready
  // While a project is rolled back, what is deployed does not go live.
  if (command === "Deploy" && rolledBack) return { ...expected, ready }
  return { ...expected, ready, history: [...expected.history, { live: target, rolledBack: command === "Rollback" }] }
}

const targetOf = (expected: Expected, command: Command) =>
  command === "Deploy"
    ? untilTheDatabaseIsBack(seedDeployment(expected.project))
    : Effect.orDie(Random.choice(expected.ready.filter((id) => id !== positionOf(expected)?.live)))

/** As the control API calls: with a key of its own for each command, again until there is an answer. */
const ask = Effect.fnUntraced(function* (expected: Expected, command: Command, target: string, idempotencyKey: string) {
  const ingress = yield* Ingress
  const { id } = expected.project
  const calls = {
    Deploy: ingress.call(
      DeployService,
      id,
      "Deploy",
      { deploymentId: target, dockerImage: { image: "registry.example/app:1" }, command: [] },
      { idempotencyKey }
    ),
    Promote: ingress.call(DeployService, id, "Promote", { targetDeploymentId: target }, { idempotencyKey }),
    Rollback: ingress.call(
      DeployService,
      id,
      "Rollback",
      { sourceDeploymentId: positionOf(expected)?.live ?? "", targetDeploymentId: target },
      { idempotencyKey }
    )
  }
  const call: Effect.Effect<unknown, Error> = calls[command]
  yield* Effect.retry(call, {
    schedule: Schedule.spaced("200 millis"),
    while: (error) => error instanceof IngressUnavailable
  })
})

/** Projects without a deployment, in regions of their environment's choice. */
export const seedProjects = (projects: number) =>
  Effect.forEach(Arr.range(1, projects), (n) =>
    Effect.map(
      seedProject({ workspaceSlug: `chaos-${n}`, projectSlug: `app-${n}` }),
      (project): Expected => ({ project, ready: [], history: [] })
    )
  )

/** One command of a project, and the project as it is then; nothing when the answer was a surprise. */
const once = Effect.fnUntraced(function* (expected: Expected, results: Results) {
  const { project, history, ready } = expected
  const command = yield* choose(expected)
  const target = yield* targetOf(expected, command)
  const startedAt = yield* Clock.currentTimeMillis
  // Every command adds a deployment or a change of the live position, so that no two have the same key.
  const answer = yield* ask(expected, command, target, `${project.slug}-${ready.length}-${history.length}`).pipe(
    Effect.timeout("10 minutes"),
    Effect.either
  )
  if (answer._tag === "Left") {
    const surprise = { command: `${command} of ${target} in ${project.slug}`, answer: answer.left.message }
    yield* Ref.update(results.wrong, Arr.append(surprise))
    return Option.none()
  }
  const at = yield* Clock.currentTimeMillis
  const finished = yield* Ref.updateAndGet(results.done, Arr.append({ at, millis: at - startedAt }))
  if (finished.length % 250 === 0) yield* Effect.logInfo(`${finished.length} commands answered`)
  return Option.some(after(expected, command, target))
})

interface Results {
  readonly done: Ref.Ref<ReadonlyArray<Done>>
  readonly wrong: Ref.Ref<ReadonlyArray<Wrong>>
}

/**
 * Commands for all projects at once, one at a time for each, until `mayGoOn` says no to a project. One whose caller was
 * surprised is left as it is: what to expect of it is unknown.
 */
const drive = (projects: ReadonlyArray<Expected>, mayGoOn: Effect.Effect<boolean>) =>
  Effect.gen(function* () {
    const results: Results = {
      done: yield* Ref.make<ReadonlyArray<Done>>([]),
      wrong: yield* Ref.make<ReadonlyArray<Wrong>>([])
    }
    const driveOne = Effect.fnUntraced(function* (project: Expected) {
      let expected = project
      while (yield* mayGoOn) {
        const next = yield* once(expected, results)
        if (Option.isNone(next)) break
        expected = next.value
      }
      return expected
    })
    const expected = yield* Effect.forEach(projects, driveOne, { concurrency: "unbounded" })
    const outcome: Outcome = { expected, done: yield* Ref.get(results.done), wrong: yield* Ref.get(results.wrong) }
    return outcome
  })

/** This many commands in all. Each waits for its turn. */
export const load = (projects: ReadonlyArray<Expected>, commands: number, turn: Effect.Effect<void> = Effect.void) =>
  Effect.flatMap(Ref.make(commands), (left) =>
    drive(
      projects,
      Effect.zipRight(
        turn,
        Ref.modify(left, (n) => [n > 0, n - 1])
      )
    )
  )

/** Commands for as long as this. Each waits for its turn. */
export const loadFor = (
  projects: ReadonlyArray<Expected>,
  duration: Duration.DurationInput,
  turn: Effect.Effect<void> = Effect.void
) =>
  Effect.flatMap(Clock.currentTimeMillis, (startedAt) =>
    drive(
      projects,
      Effect.zipRight(
        turn,
        Effect.map(Clock.currentTimeMillis, (now) => now < startedAt + Duration.toMillis(duration))
      )
    )
  )
