import { Effect } from "effect"
import { RestateServer, restateServer } from "../dev/stack/RestateServer.ts"
import { benchWorker } from "./BenchWorker.ts"
import { type LoadOptions, measure, measureAlone, type Sample, type Subject } from "./Load.ts"

export interface BridgeBenchOptions {
  readonly rounds: number
  readonly seconds: number
  readonly inFlight: number
}

const bodies = { add: JSON.stringify({ by: 1 }), sequential: undefined, parallel: undefined }

/** Bare is Restate's SDK alone; the others are the bridge in its two cancellation modes. */
export const variantNames = ["Bare", "Explicit", "Implicit"] as const

export type HandlerName = keyof typeof bodies
export type VariantName = (typeof variantNames)[number]

export const handlerNames: ReadonlyArray<HandlerName> = ["add", "sequential", "parallel"]

/** What was measured in each round, in the order of the rounds. */
export type Rounds<A> = Readonly<Record<VariantName, ReadonlyArray<A>>>

export interface HandlerResult {
  readonly handler: HandlerName
  /** Under load, through a real server. */
  readonly samples: Rounds<Sample>
  /** Processor microseconds of one invocation with server and network left out. */
  readonly alone: Rounds<number>
}

/** An invocation with 1,000 parallel steps in each round. */
export interface WideResult {
  readonly samples: Rounds<Sample>
}

export interface BridgeResult {
  readonly handlers: ReadonlyArray<HandlerResult>
  readonly wide: WideResult
}

/** One invocation takes seconds. */
export const wideRounds = 10

/** Invocations per measurement without a server: about half a second. */
const invocationsAlone = 500

/** The variants take turns within a round and the first one changes, so that drift and noise meet all alike. */
const interleaved = <A>(rounds: number, run: (variant: VariantName) => Promise<A>): Effect.Effect<Rounds<A>> =>
  Effect.promise(async () => {
    const results: Record<VariantName, Array<A>> = { Bare: [], Explicit: [], Implicit: [] }
    // Once without keeping the result: the code becomes hot and the connections open.
    for (const variant of variantNames) await run(variant)
    for (let round = 0; round < rounds; round++) {
      const first = round % variantNames.length
      for (const variant of [...variantNames.slice(first), ...variantNames.slice(0, first)]) {
        results[variant].push(await run(variant))
      }
    }
    return results
  })

const benchHandler = (handler: HandlerName, load: LoadOptions, rounds: number) =>
  Effect.gen(function* () {
    const subject = (service: VariantName): Subject => ({ service, handler, body: bodies[handler] })
    yield* Effect.logInfo(`${handler}: ${rounds} rounds`)
    const alone = yield* interleaved(rounds, (variant) => measureAlone(subject(variant), load.worker, invocationsAlone))
    const samples = yield* interleaved(rounds, (variant) => measure(subject(variant), load))
    const result: HandlerResult = { handler, samples, alone }
    return result
  })

/** How long one invocation with 1,000 parallel steps takes, one after the other. */
const benchWide = (load: LoadOptions, rounds: number) =>
  Effect.gen(function* () {
    yield* Effect.logInfo(`1,000 parallel steps: ${rounds} rounds`)
    const once = { ...load, inFlight: 1, seconds: 0 }
    const samples = yield* interleaved(rounds, (service) =>
      measure({ service, handler: "wide", body: undefined }, once)
    )
    const wide: WideResult = { samples }
    return wide
  })

/** Bare SDK handlers and the bridge's, in one worker process, called through a real Restate server. */
export const benchBridge = ({ inFlight, rounds, seconds }: BridgeBenchOptions) =>
  Effect.gen(function* () {
    const { ingress } = yield* RestateServer
    const worker = yield* benchWorker
    const load = { ingress, worker, inFlight, seconds }
    const handlers = yield* Effect.forEach(handlerNames, (handler) => benchHandler(handler, load, rounds))
    const result: BridgeResult = { handlers, wide: yield* benchWide(load, Math.min(rounds, wideRounds)) }
    return result
  }).pipe(Effect.scoped, Effect.provide(restateServer()))
