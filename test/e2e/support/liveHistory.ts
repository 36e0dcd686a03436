import { Effect, Option, Schema } from "effect"
import { RestateClient } from "../../support/stack/Restate.ts"

/** One change of a project's live position: what was asked for, and what the asker was told. */
export interface Takeover {
  readonly intent: "deploy" | "promote" | "rollback"
  /** What the asker took for live; a deploy does not say. */
  readonly expected: string | undefined
  readonly from: string | undefined
  readonly to: string
}

/** Restate shows payloads as lists of bytes. */
const Payload = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.compose(
    Schema.transform(Schema.Array(Schema.Number), Schema.String, {
      strict: true,
      decode: (bytes) => Buffer.from(bytes).toString("utf8"),
      encode: (text) => [...Buffer.from(text)]
    }),
    Schema.parseJson(schema)
  )

const Request = Payload(
  Schema.Struct({
    intent: Schema.Literal("deploy", "promote", "rollback"),
    deploymentId: Schema.String,
    expectedLiveDeploymentId: Schema.optional(Schema.String)
  })
)
const Answer = Payload(
  Schema.Struct({
    previousLiveDeploymentId: Schema.optional(Schema.String),
    live: Schema.optional(Schema.Boolean)
  })
)
const InputEntry = Schema.parseJson(
  Schema.Struct({ Command: Schema.Struct({ Input: Schema.Struct({ payload: Request }) }) })
)
const OutputEntry = Schema.parseJson(
  Schema.Struct({ Command: Schema.Struct({ Output: Schema.Struct({ result: Schema.Struct({ Success: Answer }) }) }) })
)

const entriesOf = (projectId: string, kind: "Input" | "Output") =>
  Effect.flatMap(RestateClient, (restate) =>
    restate.sql(
      `SELECT j.id, j.entry_json FROM sys_journal j JOIN sys_invocation i ON i.id = j.id
       WHERE i.target = 'hydra.v1.RoutingService/${projectId}/SwapLiveDeployment' AND j.entry_type = 'Command: ${kind}'`
    )
  )

/** Every takeover of the project's live position that succeeded, in no order, from the journals of its RoutingService. */
export const takeovers = (projectId: string) =>
  Effect.gen(function* () {
    const inputs = yield* entriesOf(projectId, "Input")
    const outputs = yield* entriesOf(projectId, "Output")
    const requests = new Map(
      inputs.map((row) => [row.id, Schema.decodeUnknownSync(InputEntry)(row.entry_json).Command.Input.payload])
    )
    return outputs.flatMap((row): ReadonlyArray<Takeover> => {
      // A refusal is an output too, but not a success.
      const output = Schema.decodeUnknownOption(OutputEntry)(row.entry_json)
      const request = requests.get(row.id)
      if (Option.isNone(output) || request === undefined) return []
      const { deploymentId: to, expectedLiveDeploymentId: expected, intent } = request
      const { live, previousLiveDeploymentId: from } = output.value.Command.Output.result.Success
      return live === true ? [{ intent, expected, from, to }] : []
    })
  })

/** The one order in which each takeover took over from the one before it, as far as there is such an order. */
export const inOrder = (all: ReadonlyArray<Takeover>): ReadonlyArray<string> => {
  const order: Array<string> = []
  const left = new Set(all)
  for (let from: string | undefined; left.size > 0; ) {
    const next = [...left].filter((takeover) => takeover.from === from)
    if (next.length !== 1 || next[0] === undefined) break
    left.delete(next[0])
    from = next[0].to
    order.push(from)
  }
  return order
}
