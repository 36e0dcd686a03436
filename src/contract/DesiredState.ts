import { enumeration } from "./scalars.ts"

/** hydra.v1.DeploymentDesiredState, as the words that `deployments.desired_state` uses. */
export const DesiredState = enumeration("DEPLOYMENT_DESIRED_STATE", ["unspecified", "running", "standby", "archived"])

export type DesiredState = typeof DesiredState.schema.Type
