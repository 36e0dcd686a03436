import { createServer } from "node:http2"
import * as restate from "@restatedev/restate-sdk"
import { Effect } from "effect"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { goHandlers } from "./goHandlers.ts"

/** The enum's number, as the former worker writes it into its state. */
const standby = 2

export const json: restate.Serde<unknown> = {
  contentType: "application/json",
  serialize: (value) => new TextEncoder().encode(JSON.stringify(value)),
  deserialize: (bytes) => JSON.parse(new TextDecoder().decode(bytes))
}

/** A request that the former worker has taken, of those that it only answers: `Service/key/handler`. */
type Answered = (target: string) => void

/** The handlers of a service of the Go worker: the given ones, and for every other one the empty message. */
const completed = <Handler>(
  service: string,
  given: Readonly<Record<string, Handler>>,
  other: (name: string) => Handler
) =>
  Object.fromEntries(
    goHandlers
      .map((line) => line.split(" ", 1)[0]?.split("/") ?? [])
      .filter(([name]) => name === service)
      .map(([, handler = ""]) => [handler, given[handler] ?? other(handler)])
  )

/** The members of a request that the stand-in looks at. */
interface Request {
  readonly released?: string
  readonly delayMillis?: string
  readonly nonce?: string
  readonly state?: string
}
type ObjectHandler = (context: restate.ObjectContext, input: Request) => Promise<unknown>
type DeployHandler = (context: restate.WorkflowSharedContext, input: Request) => Promise<unknown>

const object = (name: string, answered: Answered, given: Readonly<Record<string, ObjectHandler>> = {}) =>
  restate.object({
    name,
    handlers: completed<ObjectHandler>(name, given, (handler) => async ({ key }) => {
      answered(`${name}/${key}/${handler}`)
      return {}
    })
  })

/** Says that it waits, and when it may go on asks for a version. */
const deploy: DeployHandler = async (context, { released }) => {
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

/**
 * What the worker that is replaced has in Restate, as far as its successor sees it: the same names, its kinds of services, its encodings
 * of state and messages. Written with Restate's SDK alone, after the contract; the Go program itself is not run here.
 */
const servicesOf = (answered: Answered) => [
  restate.workflow({
    name: "hydra.v1.DeployService",
    handlers: {
      // Go's service has shared handlers only; this SDK demands one called `run`.
      run: async (_: restate.WorkflowContext): Promise<void> => {},
      ...completed<DeployHandler>("hydra.v1.DeployService", { Deploy: deploy }, (handler) => async ({ key }) => {
        answered(`hydra.v1.DeployService/${key}/${handler}`)
        return {}
      })
    }
  }),
  object("hydra.v1.VersioningService", answered, {
    NextVersion: async (context) => {
      const version = ((await context.get<number>("version")) ?? 0) + 1
      context.set("version", version)
      return { version: String(version) }
    }
  }),
  object("hydra.v1.DeploymentService", answered, {
    ScheduleDesiredStateChange: async (context, { delayMillis }) => {
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
    ChangeDesiredState: async (context, { nonce, state }) => {
      const scheduled = await context.get<{ readonly Nonce: string; readonly To: number }>("transition")
      if (scheduled !== null && scheduled.Nonce === nonce) answered(`${context.key} becomes ${scheduled.To}: ${state}`)
      return {}
    }
  }),
  object("hydra.v1.RoutingService", answered),
  object("hydra.v1.CustomDomainService", answered),
  object("hydra.v1.CertificateService", answered),
  object("hydra.v1.QuotaCheckService", answered),
  object("hydra.v1.KeyRefillService", answered)
]

/** Serves it on a free port until the scope closes; answers with its address, and with what it has been asked for since. */
export const formerWorker = Effect.gen(function* () {
  const answered: Array<string> = []
  const services = servicesOf((target) => answered.push(target))
  const port = yield* onLoopback(createServer(restate.createEndpointHandler({ services, logger: () => {} })))
  return { url: `http://127.0.0.1:${port}`, answered }
})
