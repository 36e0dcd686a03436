import { Effect, Schedule } from "effect"
import { step } from "effect-restate"
import { Heartbeat, HeartbeatFailed, type HeartbeatJob } from "../services/Heartbeat.ts"

/** Three attempts within about ten seconds: a monitor that is away longer raises its own alarm, which is its purpose. */
const heartbeatRetry = Schedule.exponential("2 seconds").pipe(Schedule.intersect(Schedule.recurs(2)))

/** Tells the job's monitor that it has run. Best effort: what is finished stays finished when nobody listens. */
export const sendHeartbeat = (job: HeartbeatJob) =>
  Effect.gen(function* () {
    const heartbeat = yield* Heartbeat
    yield* step("send-heartbeat", heartbeat.send(job), { error: HeartbeatFailed, retry: { maxAttempts: 3 } }).pipe(
      Effect.retry(heartbeatRetry),
      Effect.catchAll((failure) => Effect.logWarning("The heartbeat was not sent", { job, problem: failure.message }))
    )
  })
