import { parseArgs } from "node:util"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect, Schema } from "effect"
import { firingOf, schedules } from "../src/contract/schedules.ts"
import { readAddresses } from "./stack/AddressFile.ts"

/** The job cannot be fired as asked. */
class CannotFire extends Schema.TaggedError<CannotFire>()("CannotFire", { problem: Schema.String }) {
  override get message(): string {
    return this.problem
  }
}

const names = schedules.map(({ name }) => name).join(", ")
const usage = `usage: npm run cron -- <${names}> [--at <ISO instant>]`

/** STACK_RESTATE_INGRESS, else the stack that was started last and is up. */
const ingress = Effect.suspend(() => {
  const given = process.env.STACK_RESTATE_INGRESS
  if (given !== undefined && given !== "") return Effect.succeed(given)
  return Effect.map(readAddresses, (addresses) => addresses.ingress)
})

const instantOf = (at: string | undefined) => {
  if (at === undefined) return Clock.currentTimeMillis
  const instant = Date.parse(at)
  return Number.isNaN(instant) ? new CannotFire({ problem: `--at is no instant: ${at}` }) : Effect.succeed(instant)
}

const fire = Effect.gen(function* () {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { at: { type: "string" } } })
  const schedule = schedules.find(({ name }) => name === positionals[0])
  if (schedule === undefined) return yield* new CannotFire({ problem: usage })
  const { body, idempotencyKey, path } = firingOf(schedule, yield* instantOf(values.at))
  const http = yield* HttpClient.HttpClient
  const request = HttpClientRequest.post(`${yield* ingress}/${path}`).pipe(
    HttpClientRequest.setHeader("idempotency-key", idempotencyKey),
    HttpClientRequest.bodyText(body, "application/json")
  )
  const response = yield* http.execute(request)
  const answer = yield* response.text
  if (response.status > 299) return yield* new CannotFire({ problem: `${path}: ${response.status} ${answer}` })
  yield* Console.log(`${path} with ${idempotencyKey}: ${answer}`)
})

fire.pipe(
  Effect.tapError(({ message }) => Console.error(message)),
  Effect.provide(FetchHttpClient.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
