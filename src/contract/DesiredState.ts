import { enumeration } from "./scalars.ts"

/** hydra.v1.DeploymentDesiredState, with the values of `deployments.desired_state`. */
export const DesiredState = enumeration("DEPLOYMENT_DESIRED_STATE", ["unspecified", "running", "standby", "archived"])

export type DesiredState = typeof DesiredState.schema.Type
