import { randomBytes } from "node:crypto"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { type SeededProject, seedDeployment, seedProject } from "./seed.ts"
import { seedQuota } from "./seedUpkeep.ts"

const names = { workspaceSlug: "acme", projectSlug: "shop" } as const
const quota = { requestsPerMonth: 1_000_000, logsRetentionDays: 30 }
const deploymentsAtOnce = 3

interface Row {
  readonly projectId: string
  readonly workspaceId: string
  readonly production: string
  readonly preview: string
}

/** The project of an earlier seed: a database from the environment outlives the stack. */
const existingProject = Effect.gen(function* () {
  const sql = yield* SqlClient
  const [row] = yield* sql<Row>`
    SELECT projects.id AS projectId, workspaces.id AS workspaceId, production.id AS production, preview.id AS preview
    FROM workspaces
    JOIN projects ON projects.workspace_id = workspaces.id AND projects.slug = ${names.projectSlug}
    JOIN environments production ON production.project_id = projects.id AND production.slug = 'production'
    JOIN environments preview ON preview.project_id = projects.id AND preview.slug = 'preview'
    WHERE workspaces.slug = ${names.workspaceSlug} LIMIT 1`
  if (row === undefined) return undefined
  const project: SeededProject = {
    id: row.projectId,
    workspaceId: row.workspaceId,
    slug: names.projectSlug,
    workspaceSlug: names.workspaceSlug,
    production: { id: row.production, slug: "production" },
    preview: { id: row.preview, slug: "preview" }
  }
  return project
})

const newProject = (workspaceId: string) =>
  Effect.zipLeft(seedProject({ ...names, workspaceId }), seedQuota(workspaceId, quota))

/**
 * A workspace with a quota, a project, its environments with all regions, and pending deployments of production. The project
 * is made once, the deployments each time.
 */
export const seedForDeploys = Effect.fnUntraced(function* (workspaceId: string) {
  const project = (yield* existingProject) ?? (yield* newProject(workspaceId))
  const commit = Effect.sync(() => randomBytes(20).toString("hex"))
  const deployment = Effect.flatMap(commit, (gitCommitSha) =>
    seedDeployment(project, { gitBranch: "main", gitCommitSha })
  )
  return { project, deployments: yield* Effect.replicateEffect(deployment, deploymentsAtOnce) }
})
