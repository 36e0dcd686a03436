import { Effect, Option } from "effect"
import { seedProject } from "../simulators/seed.ts"
import { seedQuota } from "../simulators/seedUpkeep.ts"
import { Builds } from "../stack/Builds.ts"
import { Certification } from "../stack/Certification.ts"
import { Analytics } from "../stack/wholeStack.ts"
import { analyticsUser } from "./chapters/analytics.ts"
import { builds } from "./chapters/builds.ts"
import { certificates } from "./chapters/certificates.ts"
import { deploys } from "./chapters/deploys.ts"
import { addDomain } from "./chapters/domains.ts"
import { heartbeats, keyRefill, quotaAlert } from "./chapters/upkeep.ts"
import { refusal } from "./narration.ts"
import { printRoutes, printTrace } from "./outcome.ts"

const quota = { requestsPerMonth: 1_000_000, logsRetentionDays: 30 }

export interface Setting {
  /** The workspace of the demo. */
  readonly workspaceId: string
  /** Parent domain of generated host names. */
  readonly apex: string
}

/**
 * The chapters of the demo, from a first image to the quota warning. A chapter without its dependencies logs that and is
 * skipped.
 */
export const tellStory = Effect.fnUntraced(function* ({ apex, workspaceId }: Setting) {
  const project = yield* seedProject({ workspaceSlug: "acme", projectSlug: "shop", workspaceId })
  yield* seedQuota(workspaceId, quota)
  const certification = yield* Certification
  const analytics = yield* Analytics
  const building = yield* Builds
  const deployed = yield* deploys(project)

  const built = Option.isSome(building)
    ? yield* builds(
        project,
        building.value,
        Option.map(analytics, ({ url }) => url)
      )
    : yield* refusal("No builder here: deploys from git are left out.")

  if (Option.isSome(certification)) {
    const domain = yield* addDomain(project, certification.value)
    yield* certificates(domain, apex, `shop-acme.${apex}`, certification.value)
  } else yield* refusal("No Pebble here: custom domains and certificates are left out.")

  if (Option.isSome(analytics)) {
    yield* analyticsUser(project, quota.logsRetentionDays, analytics.value)
    yield* quotaAlert(project, quota.requestsPerMonth, analytics.value.url)
  } else yield* refusal("No ClickHouse here: the analytics user and the quota alert are left out.")

  yield* keyRefill(project)
  yield* heartbeats([
    ...(Option.isSome(certification) ? ["cert-renewal"] : []),
    ...(Option.isSome(analytics) ? ["quota-check"] : []),
    "key-refill"
  ])
  yield* printRoutes({ ...deployed, images: new Map([...deployed.images, ...(built ?? [])]) })
  yield* printTrace(deployed)
}, Effect.scoped)
