import type { Attributes, InvocationRequest } from "effect-restate"
import { firstCodePoints } from "../text/codePoints.ts"

/** What an id is called in log lines and spans, by its name in a request. */
const attributes: Readonly<Record<string, string>> = {
  deploymentId: "deployment_id",
  targetDeploymentId: "deployment_id",
  projectId: "project_id",
  workspaceId: "workspace_id",
  environmentId: "environment_id",
  buildId: "build_id",
  domain: "domain"
}

/** Above every id and domain name; keys are not bounded by a contract. */
const maxLength = 256

/**
 * The ids that a request names, and what its key is where a service says so: for `implement`, so that the lines and spans of
 * every handler have them. `keyIs` is left out where the key is no id, or the caller's choice.
 */
export const requestAttributes =
  (keyIs?: "deployment_id" | "project_id" | "workspace_id" | "domain") =>
  ({ input, key }: InvocationRequest): Attributes => {
    const named: Array<readonly [string, string]> = []
    for (const [field, value] of Object.entries(typeof input === "object" && input !== null ? input : {})) {
      const attribute = Object.hasOwn(attributes, field) ? attributes[field] : undefined
      if (attribute !== undefined && typeof value === "string" && value !== "")
        named.push([attribute, firstCodePoints(value, maxLength)])
    }
    if (keyIs !== undefined) named.push([keyIs, firstCodePoints(key, maxLength)])
    return Object.fromEntries(named)
  }
