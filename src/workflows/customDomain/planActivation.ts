import { Schema } from "effect"
import type { ActivationPlan, ActivationSnapshot } from "../../services/customDomain/DomainStore.ts"
import { productionEnvironment } from "../../services/deploy/Deployment.ts"
import type { Sticky } from "../../services/deploy/RouteStore.ts"

/** Result of activating a domain that DNS confirms. */
export const Activation = Schema.Union(
  Schema.TaggedStruct("Refused", { problem: Schema.String }),
  /** `isWithoutCertificate`: a certificate has to be requested. */
  Schema.TaggedStruct("Activated", { workspaceId: Schema.String, isWithoutCertificate: Schema.Boolean })
)
export type Activation = typeof Activation.Type

type Plan = ActivationPlan<Activation>

/**
 * The changes that a verified domain needs. Route and challenge are written in one transaction, because the CA
 * validates the challenge through the route [W22]. A route of another project is never changed [W5].
 */
export const planActivation = (snapshot: ActivationSnapshot): Plan => {
  const problem = refusalOf(snapshot)
  if (problem !== null) return { route: null, challenge: null, isVerified: false, answer: { _tag: "Refused", problem } }
  const { challenge, domain } = snapshot
  return {
    route: planRoute(snapshot),
    challenge: challenge === null ? "insert" : challenge === "failed" ? "reopen" : null,
    isVerified: true,
    answer: { _tag: "Activated", workspaceId: domain.workspaceId, isWithoutCertificate: challenge !== "verified" }
  }
}

const refusalOf = ({ domain, environment, project, refusal, route }: ActivationSnapshot): string | null => {
  if (refusal !== null) return refusal
  if (project === null || project.workspaceId !== domain.workspaceId)
    return `the project of ${domain.fqdn} does not exist in its workspace any more; remove the domain and add it to another project`
  if (environment === null || environment.projectId !== domain.projectId)
    return `the environment of ${domain.fqdn} does not exist in its project any more; remove the domain and add it to another environment`
  if (route !== null && route.projectId !== domain.projectId)
    return `${domain.fqdn} serves another project already; remove it there first`
  return null
}

/**
 * In production the name follows the live deployment, elsewhere the newest of its environment. A route that is placed
 * so and leads into its environment stays as swaps have moved it.
 */
const planRoute = ({ deployments, domain, environment, project, route }: ActivationSnapshot): Plan["route"] => {
  const isProduction = environment?.slug === productionEnvironment
  const sticky: Sticky = isProduction ? "live" : "environment"
  const live = isProduction ? deployments.find(({ id }) => id === project?.liveDeploymentId) : undefined
  const deploymentId = (live ?? deployments[0])?.id ?? ""
  if (route === null) return { action: "insert", sticky, deploymentId }
  const isPlaced = route.environmentId === domain.environmentId && route.sticky === sticky
  const isLeading = route.deploymentEnvironmentId === domain.environmentId || deploymentId === ""
  return isPlaced && isLeading ? null : { action: "move", sticky, deploymentId }
}
