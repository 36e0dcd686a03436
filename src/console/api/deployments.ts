import { Schema, Struct } from "effect"
import { DeployFacts } from "../../operations/deploy/DeployFacts.ts"
import { Journal } from "../../operations/InvocationJournal.ts"
import { BuildOutput, BuildStep } from "../../operations/lists/BuildLogPages.ts"
import { DeploymentRoute, ListedDeployment } from "../../operations/lists/DeploymentList.ts"
import { Page } from "../../operations/lists/Page.ts"
import { Answer, PageAnswer } from "./Answer.ts"

/** `GET /api/deployments?status=&project=&after=&limit=`, newest first. */
export const DeploymentsAnswer = PageAnswer(ListedDeployment)
export type ListedDeploymentJson = typeof ListedDeployment.Encoded

/** `GET /api/deployments/:id`. Null stands for what its source did not say. */
export const DeploymentPage = Schema.Struct({
  ...Struct.omit(DeployFacts.fields, "missing"),
  /** What its invocation has done. */
  journal: Schema.NullOr(Journal),
  routes: Schema.NullOr(Schema.Array(DeploymentRoute)),
  /** The newest deployments of its project, this one included if it is one of them. */
  history: Schema.NullOr(Schema.Array(ListedDeployment))
})
export const DeploymentAnswer = Answer(DeploymentPage)
export type DeploymentPageJson = typeof DeploymentPage.Encoded

/** `GET /api/deployments/:id/log?after=&limit=`, oldest output first. */
export const BuildLogPage = Schema.Struct({
  /** On the first page only. */
  steps: Schema.Array(BuildStep),
  output: Page(BuildOutput)
})
export const BuildLogAnswer = Answer(BuildLogPage)
export type BuildLogJson = typeof BuildLogPage.Encoded
