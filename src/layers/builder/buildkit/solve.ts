import type { Client, ServiceError, status } from "@grpc/grpc-js"
import { Data, Effect, Either, Fiber, Option, Runtime, Schema } from "effect"
import type { SourceRule } from "../sourcePolicy.ts"
import {
  ControlService,
  decodeStatus,
  type RpcStatus,
  type SolveRequest,
  type SolveResponse,
  type SourcePolicy,
  type StatusResponse
} from "./descriptors.ts"
import { openSession, type SessionServices } from "./SolveSession.ts"

/** Parameters of BuildKit's Solve call. */
export interface Solve {
  /** Unique among the daemon's builds, including those that ended recently. */
  readonly ref: string
  readonly frontendAttrs: Readonly<Record<string, string>>
  /** Name and attributes of the pushed image. */
  readonly imageAttrs: Readonly<Record<string, string>>
  readonly offers: SessionServices
  readonly sourcePolicy: ReadonlyArray<SourceRule>
}

/** Why a solve failed: gRPC's code, the types of BuildKit's error details, the exit code of a command. */
export class SolveFailed extends Data.TaggedError("SolveFailed")<{
  readonly code: status
  /** Last segments of the types of BuildKit's error details, such as `Vertex`, `Source` and `Frontend`. */
  readonly details: ReadonlySet<string>
  readonly exitCode: number | null
  /** Digest of the step that failed, if BuildKit names it: steps that ran beside it end with errors too. */
  readonly vertex: string | null
  /** BuildKit's message: for logs, and for users if it is about their Dockerfile. Never parsed. */
  readonly text: string
}> {}

// After Solve returns, its last events are still in flight.
const statusGrace = "5 seconds"

const jsonSuffix = "+json"

/** `github.com/moby/buildkit/errdefs.Vertex+json` is `Vertex`. */
const shortType = (typeUrl: string): string => {
  const name = typeUrl.endsWith(jsonSuffix) ? typeUrl.slice(0, -jsonSuffix.length) : typeUrl
  return name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf("/")) + 1)
}

const Exit = Schema.parseJson(Schema.Struct({ Code: Schema.Number }))
const FailedStep = Schema.parseJson(Schema.Struct({ digest: Schema.String }))

const detailsOf = (error: ServiceError): RpcStatus["details"] => {
  const [encoded] = error.metadata.get("grpc-status-details-bin")
  if (!Buffer.isBuffer(encoded)) return []
  return Either.getOrElse(
    Either.try(() => decodeStatus(encoded).details),
    () => []
  )
}

const failureOf = (error: ServiceError): SolveFailed => {
  const details = new Map(detailsOf(error).map(({ typeUrl, value }) => [shortType(typeUrl), value.toString("utf8")]))
  const decode = <A>(type: string, schema: Schema.Schema<A, string>) =>
    Option.flatMap(Option.fromNullable(details.get(type)), Schema.decodeOption(schema))
  return new SolveFailed({
    code: error.code,
    details: new Set(details.keys()),
    exitCode: Option.getOrNull(Option.map(decode("ExitMessage", Exit), ({ Code }) => Code)),
    vertex: Option.getOrNull(Option.map(decode("Vertex", FailedStep), ({ digest }) => digest)),
    text: error.details
  })
}

const policyVersion = 1
const actions = { allow: 0, deny: 1 } as const
const regularExpression = 2

const policyMessage = (rules: ReadonlyArray<SourceRule>): SourcePolicy => ({
  version: policyVersion,
  rules: rules.map(({ action, pattern }) => ({
    action: actions[action],
    selector: { identifier: pattern, matchType: regularExpression }
  }))
})

/** Interruption cancels the call and the build on the daemon. */
const callSolve = (client: Client, request: SolveRequest) =>
  Effect.async<SolveResponse, SolveFailed>((resume) => {
    const { path, requestSerialize, responseDeserialize } = ControlService.Solve
    const call = client.makeUnaryRequest<SolveRequest, SolveResponse>(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      (error, response) => {
        if (error !== null) return resume(Effect.fail(failureOf(error)))
        resume(response === undefined ? Effect.dieMessage("gRPC answers or fails") : Effect.succeed(response))
      }
    )
    return Effect.sync(() => call.cancel())
  })

/**
 * Passes the events of a build one message at a time, until the build ends. gRPC's flow control holds back further messages
 * meanwhile.
 */
const follow = (client: Client, ref: string, onEvents: (events: StatusResponse) => Effect.Effect<void>) =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) =>
    Effect.async<void, ServiceError>((resume) => {
      const { path, requestSerialize, responseDeserialize } = ControlService.Status
      const call = client.makeServerStreamRequest<{ readonly ref: string }, StatusResponse>(
        path,
        requestSerialize,
        responseDeserialize,
        { ref }
      )
      call.on("data", (events: StatusResponse) => {
        call.pause()
        Runtime.runFork(runtime)(onEvents(events)).addObserver(() => call.resume())
      })
      call.on("end", () => resume(Effect.void))
      call.on("error", (error: ServiceError) => resume(Effect.fail(error)))
      return Effect.sync(() => call.cancel())
    })
  )

/**
 * Builds and pushes; returns the exporter's response. `onEvents` has received every event before this ends; failing to follow
 * events does not fail the build. Interruption cancels the build.
 */
export const solve = (
  client: Client,
  { frontendAttrs, imageAttrs, offers, ref, sourcePolicy }: Solve,
  onEvents: (events: StatusResponse) => Effect.Effect<void>
): Effect.Effect<Readonly<Record<string, string>>, SolveFailed> =>
  Effect.gen(function* () {
    const session = yield* openSession(client, offers)
    const following = yield* follow(client, ref, onEvents).pipe(
      Effect.catchAll(() => Effect.logWarning("Events of a build cannot be followed", { ref })),
      Effect.forkScoped
    )
    const answer = yield* callSolve(client, {
      ref,
      session,
      frontend: "dockerfile.v0",
      frontendAttrs,
      sourcePolicy: policyMessage(sourcePolicy),
      exporters: [{ type: "image", attrs: imageAttrs }],
      exporterDeprecated: "image",
      exporterAttrsDeprecated: imageAttrs
    }).pipe(Effect.exit)
    yield* Fiber.join(following).pipe(Effect.timeoutOption(statusGrace))
    return (yield* answer).exporterResponse
  }).pipe(Effect.scoped)
