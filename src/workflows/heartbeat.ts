import { Effect, Schedule } from "effect"
import { step } from "effect-restate"
import { Heartbeat, HeartbeatFailed, type HeartbeatJob } from "../services/Heartbeat.ts"

/** Three attempts within about ten seconds. If the monitor is unreachable for longer, it raises its own alarm. */
const heartbeatRetry = Schedule.exponential("2 seconds").pipe(Schedule.intersect(Schedule.recurs(2)))

/** Reports a finished run to the job's monitor. Best effort: a failure is logged and does not fail the run. */
export const sendHeartbeat = (job: HeartbeatJob) =>
  Effect.gen(function* () {
    const heartbeat = yield* Heartbeat
    yield* step("send-heartbeat", heartbeat.send(job), { error: HeartbeatFailed, retry: { maxAttempts: 3 } }).pipe(
      Effect.retry(heartbeatRetry),
      Effect.catchAll((failure) => Effect.logWarning("The heartbeat was not sent", { job, problem: failure.message }))
    )
  })
