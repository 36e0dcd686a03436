import { Effect } from "effect"
import type { HandlerName, Input, KeyedContract } from "effect-restate"
import { BuildSlotService } from "../../../src/contract/BuildSlotService.ts"
import { CommitStatusService } from "../../../src/contract/CommitStatusService.ts"
import { DeploymentService } from "../../../src/contract/DeploymentService.ts"
import { DeployService } from "../../../src/contract/DeployService.ts"
import { RoutingService } from "../../../src/contract/RoutingService.ts"
import { VersioningService } from "../../../src/contract/VersioningService.ts"
import { ControlPlane } from "./ControlPlane.ts"

/** Calls a handler and moves time until it answers; a refusal is an answer too. */
export const command =
  <C extends KeyedContract, H extends HandlerName<C>>(contract: C, handler: H) =>
  (key: string, input: Input<C, H>) =>
    Effect.flatMap(ControlPlane, ({ engine }) => Effect.either(engine.call(contract, key, handler, input)))

/** Sends a command and goes on while it runs. */
export const submission =
  <C extends KeyedContract, H extends HandlerName<C>>(contract: C, handler: H) =>
  (key: string, input: Input<C, H>) =>
    Effect.map(ControlPlane, ({ engine }) => engine.submit(contract, key, handler, input))

const deployInput = (deploymentId: string): Input<typeof DeployService, "Deploy"> => ({
  deploymentId,
  command: [],
  dockerImage: { image: `${deploymentId}:1` }
})

export const deployWith = command(DeployService, "Deploy")
export const deploy = (deploymentId: string) => deployWith("proj_shop", deployInput(deploymentId))
export const submitDeploy = (deploymentId: string) =>
  submission(DeployService, "Deploy")("proj_shop", deployInput(deploymentId))

export const commitSha = "0f3c9a1b4d5e6f708192a3b4c5d6e7f809182736"

export const gitSource = {
  installationId: 42n,
  repository: "acme/shop",
  commitSha,
  contextPath: "apps/api",
  dockerfilePath: "",
  branch: ""
}
const gitInput = (deploymentId: string): Input<typeof DeployService, "Deploy"> => ({
  deploymentId,
  command: [],
  git: gitSource
})
/** As the dashboard asks for the newest commit of a branch. */
export const deployFromBranch = (deploymentId: string, branch: string) =>
  deployWith(deploymentId, { deploymentId, command: [], git: { ...gitSource, commitSha: "", branch } })
/** As the webhook asks: the key is the deployment. */
export const deployFromGit = (deploymentId: string) => deployWith(deploymentId, gitInput(deploymentId))
export const submitFromGit = (deploymentId: string) =>
  submission(DeployService, "Deploy")(deploymentId, gitInput(deploymentId))

export const requestSlot = command(BuildSlotService, "Request")
export const renewSlot = command(BuildSlotService, "Renew")
export const releaseSlot = command(BuildSlotService, "Release")
export const slotPosition = (workspaceId: string, deploymentId: string) =>
  command(BuildSlotService, "Position")(workspaceId, { deploymentId })
export const reportStatus = command(CommitStatusService, "Report")

export const promote = (targetDeploymentId: string) =>
  command(DeployService, "Promote")("proj_shop", { targetDeploymentId })
export const submitPromote = (targetDeploymentId: string) =>
  submission(DeployService, "Promote")("proj_shop", { targetDeploymentId })

export const rollback = (sourceDeploymentId: string, targetDeploymentId: string) =>
  command(DeployService, "Rollback")("proj_shop", { sourceDeploymentId, targetDeploymentId })
export const submitRollback = (sourceDeploymentId: string, targetDeploymentId: string) =>
  submission(DeployService, "Rollback")("proj_shop", { sourceDeploymentId, targetDeploymentId })

export const assignRoutes = command(RoutingService, "AssignFrontlineRoutes")
export const swapLive = command(RoutingService, "SwapLiveDeployment")
export const nextVersion = (region: string) => command(VersioningService, "NextVersion")(region, {})
export const getVersion = (region: string) => command(VersioningService, "GetVersion")(region, {})
export const raiseVersion = (region: string, version: bigint) =>
  command(VersioningService, "RaiseVersion")(region, { version })
export const publishChange = command(VersioningService, "PublishChange")
export const scheduleChange = command(DeploymentService, "ScheduleDesiredStateChange")
export const submitChange = submission(DeploymentService, "ScheduleDesiredStateChange")
export const changeState = command(DeploymentService, "ChangeDesiredState")
export const clearChanges = (deploymentId: string) =>
  command(DeploymentService, "ClearScheduledStateChanges")(deploymentId, {})
export const takeChange = (deploymentId: string) =>
  command(DeploymentService, "TakeScheduledStateChange")(deploymentId, {})
