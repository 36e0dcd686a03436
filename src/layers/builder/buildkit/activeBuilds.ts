import { type Client, type ServiceError, status } from "@grpc/grpc-js"
import { Effect } from "effect"
import { type BuildHistoryEvent, type BuildHistoryRequest, ControlService } from "./descriptors.ts"

/** Refs of the builds that the daemon runs now, of all clients. Empty for BuildKit before 0.11, which cannot list them. */
export const activeBuilds = (client: Client): Effect.Effect<ReadonlyArray<string>, ServiceError> =>
  Effect.async((resume) => {
    const { path, requestSerialize, responseDeserialize } = ControlService.ListenBuildHistory
    const refs: Array<string> = []
    const call = client.makeServerStreamRequest<BuildHistoryRequest, BuildHistoryEvent>(
      path,
      requestSerialize,
      responseDeserialize,
      { activeOnly: true, ref: "", earlyExit: true }
    )
    call.on("data", ({ record }: BuildHistoryEvent) => {
      if (record !== null) refs.push(record.ref)
    })
    call.on("end", () => resume(Effect.succeed(refs)))
    call.on("error", (error: ServiceError) =>
      resume(error.code === status.UNIMPLEMENTED ? Effect.succeed([]) : Effect.fail(error))
    )
    return Effect.sync(() => call.cancel())
  })
