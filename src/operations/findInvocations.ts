import { Clock, Effect, Schema } from "effect"
import { InvocationDetails } from "./InvocationDetails.ts"
import { type Invocation, Invocations } from "./Invocations.ts"
import { resolveService } from "./resolveService.ts"

/** No open invocation is meant by this text. */
export class NoSuchInvocation extends Schema.TaggedError<NoSuchInvocation>()("NoSuchInvocation", {
  text: Schema.String
}) {
  override get message(): string {
    return `no open invocation has the id or the key ${this.text}, or deploys it: it has completed, or Restate does not know it`
  }
}

/** Several open invocations have this key, or deploy this deployment. */
export class SeveralInvocations extends Schema.TaggedError<SeveralInvocations>()("SeveralInvocations", {
  text: Schema.String,
  invocations: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `several open invocations have the key ${this.text}, or deploy it; name one by its id: ${this.invocations.join(", ")}`
  }
}

const maxNamed = 20

const isId = (text: string): boolean => /^inv_[0-9A-Za-z]+$/.test(text)

const deployService = "hydra.v1.DeployService"
const day = 24 * 60 * 60_000
const maxDeploys = 1000

/** The open deploys of a deployment: the key of their invocations is its project. None if Restate cannot be searched. */
export const openDeploysOf = (deploymentId: string) =>
  Effect.gen(function* () {
    const details = yield* InvocationDetails
    const now = yield* Clock.currentTimeMillis
    const search = {
      service: deployService,
      handler: "Deploy",
      id: deploymentId,
      keys: [deploymentId],
      since: now - day
    }
    const ids = new Set(yield* Effect.orElseSucceed(details.withInput(search), () => []))
    if (ids.size === 0) return []
    const invocations = yield* Invocations
    return (yield* invocations.list({ service: deployService }, maxDeploys)).filter((one) => ids.has(one.id))
  })

/** The open invocation with this id, or the only one with this key, or of this deployment. */
export const findInvocation = (text: string) =>
  Effect.gen(function* () {
    const invocations = yield* Invocations
    const listed = yield* invocations.list(isId(text) ? { id: text } : { key: text }, maxNamed)
    const found = listed.length === 0 && !isId(text) ? yield* openDeploysOf(text) : listed
    const [first, ...others] = found
    if (first === undefined) return yield* new NoSuchInvocation({ text })
    if (others.length > 0) return yield* new SeveralInvocations({ text, invocations: found.map(({ id }) => id) })
    return first
  })

export interface PausedInvocations {
  /** Oldest first. */
  readonly found: ReadonlyArray<Invocation>
  /** Number of further paused ones. */
  readonly more: number
}

/** The oldest paused invocations of one service, named in full or by its last part, or of all services. */
export const findPaused = (service: string | undefined, limit: number) =>
  Effect.gen(function* () {
    const invocations = yield* Invocations
    const counts = yield* invocations.counts({})
    const known = [...new Set(counts.map((count) => count.service))]
    const filter = service === undefined ? {} : { service: yield* resolveService(service, known) }
    const found = yield* invocations.list({ ...filter, status: "paused" }, limit)
    const total = counts
      .filter((count) => count.status === "paused" && (filter.service ?? count.service) === count.service)
      .reduce((sum, { count }) => sum + count, 0)
    return { found, more: Math.max(0, total - found.length) } satisfies PausedInvocations
  })
