import { createServer } from "node:http2"
import * as restate from "@restatedev/restate-sdk"
import { Effect } from "effect"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"

/** The enum's number, as the former worker writes it into its state. */
const standby = 2

const json: restate.Serde<unknown> = {
  contentType: "application/json",
  serialize: (value) => new TextEncoder().encode(JSON.stringify(value)),
  deserialize: (bytes) => JSON.parse(new TextDecoder().decode(bytes))
}

/**
 * What the worker that is replaced has in Restate, as far as a take-over sees it: the same names, its kinds of services, its encodings
 * of state and messages. Written with Restate's SDK alone, after the contract; the Go program itself is not run here.
 */
const services = [
  restate.workflow({
    name: "hydra.v1.DeployService",
    handlers: {
      // Go's service has shared handlers only; this SDK demands one called `run`.
      run: async (_: restate.WorkflowContext): Promise<void> => {},
      Deploy: async (context: restate.WorkflowSharedContext, { released }: { readonly released: string }) => {
        const { id, promise } = context.awakeable<string>()
        await context.run("publish", async () => id)
        await fetch(`${released}?awakeable=${id}`)
        await promise
        return context.genericCall<unknown, unknown>({
          service: "hydra.v1.VersioningService",
          method: "NextVersion",
          key: "local.dev",
          parameter: {},
          inputSerde: json,
          outputSerde: json
        })
      }
    }
  }),
  restate.object({
    name: "hydra.v1.VersioningService",
    handlers: {
      NextVersion: async (context: restate.ObjectContext) => {
        const version = ((await context.get<number>("version")) ?? 0) + 1
        context.set("version", version)
        return { version: String(version) }
      }
    }
  }),
  restate.object({
    name: "hydra.v1.DeploymentService",
    handlers: {
      ScheduleDesiredStateChange: async (context: restate.ObjectContext, { delayMillis }: { delayMillis: string }) => {
        const nonce = context.rand.uuidv4()
        context.set("transition", { Nonce: nonce, To: standby })
        context.genericSend({
          service: "hydra.v1.DeploymentService",
          method: "ChangeDesiredState",
          key: context.key,
          parameter: { nonce, state: "DEPLOYMENT_DESIRED_STATE_STANDBY" },
          inputSerde: json,
          delay: Number(delayMillis)
        })
        return {}
      },
      ChangeDesiredState: async () => ({})
    }
  })
]

/** Serves it on a free port until the scope closes; answers with its address. */
export const formerWorker = Effect.suspend(() =>
  onLoopback(createServer(restate.createEndpointHandler({ services, logger: () => {} })))
).pipe(Effect.map((port) => `http://127.0.0.1:${port}`))
