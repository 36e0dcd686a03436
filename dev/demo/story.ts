import { Effect, Option } from "effect"
import { seedProject } from "../simulators/seed.ts"
import { seedQuota } from "../simulators/seedUpkeep.ts"
import { Builds } from "../stack/Builds.ts"
import { Certification } from "../stack/Certification.ts"
import { waitingFor } from "../stack/Progress.ts"
import { Analytics } from "../stack/wholeStack.ts"
import { numberedChapters } from "./Chapters.ts"
import { analyticsUser } from "./chapters/analytics.ts"
import { builds } from "./chapters/builds.ts"
import { certificates } from "./chapters/certificates.ts"
import { deploys, moves } from "./chapters/deploys.ts"
import { addDomain } from "./chapters/domains.ts"
import { heartbeats, keyRefill, quotaAlert } from "./chapters/upkeep.ts"
import { printRoutes, printTrace } from "./outcome.ts"

const quota = { requestsPerMonth: 1_000_000, logsRetentionDays: 30 }

export interface Setting {
  /** The workspace of the demo. */
  readonly workspaceId: string
  /** Parent domain of generated host names. */
  readonly apex: string
}

const titles = {
  deploys: "Three images are deployed, one of them broken",
  moves: "A rollback, and promotions",
  builds: "A commit is built and deployed",
  domain: "A custom domain",
  certificates: "Two certificates",
  analytics: "A login to ClickHouse",
  quota: "A workspace above its quota",
  refill: "10,000 keys are refilled",
  outcome: "Where the host names lead, and a deploy as a trace"
} as const

/**
 * The chapters of the demo, from a first image to the trace of a deploy, and the summary. A chapter without its dependencies
 * says that and is left out.
 */
export const tellStory = Effect.fnUntraced(function* ({ apex, workspaceId }: Setting) {
  const { leaveOut, summary, tell } = numberedChapters(Object.keys(titles).length)
  const project = yield* seedProject({ workspaceSlug: "acme", projectSlug: "shop", workspaceId })
  yield* seedQuota(workspaceId, quota)
  const certification = yield* Certification
  const analytics = yield* Analytics
  const building = yield* Builds

  const deployed = yield* tell(titles.deploys, deploys(project))
  yield* tell(titles.moves, moves(project, deployed))

  const logs = Option.map(analytics, ({ url }) => url)
  const built = Option.isSome(building)
    ? yield* tell(titles.builds, builds(project, building.value, logs))
    : yield* leaveOut(titles.builds, "there is no builder here")

  if (Option.isSome(certification)) {
    const domain = yield* tell(titles.domain, addDomain(project, certification.value))
    yield* tell(titles.certificates, certificates(domain, apex, `shop-acme.${apex}`, certification.value))
  } else {
    yield* leaveOut(titles.domain, "there is no Pebble here")
    yield* leaveOut(titles.certificates, "there is no Pebble here")
  }

  if (Option.isSome(analytics)) {
    yield* tell(titles.analytics, analyticsUser(project, quota.logsRetentionDays, analytics.value))
    yield* tell(titles.quota, quotaAlert(project, quota.requestsPerMonth, analytics.value.url))
  } else {
    yield* leaveOut(titles.analytics, "there is no ClickHouse here")
    yield* leaveOut(titles.quota, "there is no ClickHouse here")
  }

  const jobs = [
    ...(Option.isSome(certification) ? ["cert-renewal"] : []),
    ...(Option.isSome(analytics) ? ["quota-check"] : []),
    "key-refill"
  ]
  yield* tell(titles.refill, Effect.zipRight(keyRefill(project), heartbeats(jobs)))

  const images = new Map([...deployed.images, ...(built ?? [])])
  yield* tell(titles.outcome, Effect.zipRight(printRoutes({ ...deployed, images }), printTrace(deployed)))
  yield* waitingFor(undefined)
  return yield* summary
}, Effect.scoped)
