import { Args, Command, Options } from "@effect/cli"
import { Clock, Console, Effect, Option } from "effect"
import { firingOf, schedules } from "../contract/schedules.ts"
import { pathOf } from "../operations/RestateIngress.ts"
import { reportingFailures } from "./commandFailed.ts"
import { ingressOptions, sendMessage } from "./ingress.ts"

const task = Args.choice(
  schedules.map((schedule) => [schedule.name, schedule] as [string, typeof schedule]),
  { name: "task" }
).pipe(Args.withDescription("The schedule to fire. See deploy/crontab for when each of them is due."))

const at = Options.date("at").pipe(
  Options.withDescription(
    "The instant to fire for, such as 2026-02-28T00:00:00Z. Default: now. A schedule fires once in its period."
  ),
  Options.optional
)

const again = Options.boolean("again").pipe(
  Options.withDescription(
    "Fires although the schedule has fired in its period, for a run that was given up. Every task is safe to repeat."
  )
)

/**
 * Fires a schedule through Restate's ingress with the idempotency key of its period, so that repeated firings run once; with
 * `--again` under a key of its own. Needs no worker configuration if the address is given.
 */
export const cronCommand = Command.make(
  "cron",
  { task, at, again, ...ingressOptions },
  ({ again, at, task, ...options }) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const firing = firingOf(task, Option.isSome(at) ? at.value.getTime() : now)
      const idempotencyKey = again ? `${firing.idempotencyKey}-again-${now}` : firing.idempotencyKey
      const accepted = yield* sendMessage({ ...firing, idempotencyKey }, options)
      yield* Console.log(`${pathOf(firing)} with ${idempotencyKey}: ${JSON.stringify(accepted)}`)
    }).pipe(reportingFailures(`${task.name} was not fired`))
).pipe(
  Command.withDescription(
    "Fires a schedule through Restate's ingress, as a CronJob does. Safe to repeat. Example: cron key-refill --at 2026-02-28T00:00:00Z."
  )
)
