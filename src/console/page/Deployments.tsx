import type { ListedDeploymentJson } from "../api/deployments.ts"
import { ListPage } from "./ListPage.tsx"
import { DeploymentLink } from "./links.tsx"
import { StatusOf } from "./statuses.tsx"
import { Text } from "./Text.tsx"
import { SelectFilter, TextFilter } from "./ui/filters.tsx"
import { Moment } from "./ui/Moment.tsx"
import type { Column } from "./ui/Table.tsx"

/** `acme/shop production`, with ids where a row has no slug. */
export const placeOf = (row: {
  readonly workspaceSlug: string | null
  readonly workspaceId: string
  readonly projectSlug: string | null
  readonly projectId: string
  readonly environmentSlug: string | null
  readonly environmentId: string
}): string =>
  `${row.workspaceSlug ?? row.workspaceId}/${row.projectSlug ?? row.projectId} ${row.environmentSlug ?? row.environmentId}`

export const sourceOf = (row: {
  readonly gitBranch: string | null
  readonly gitCommitSha: string | null
  readonly image: string | null
}): string =>
  row.gitCommitSha === null ? (row.image ?? "") : `${row.gitBranch ?? ""} ${row.gitCommitSha.slice(0, 10)}`.trim()

export const deploymentColumns: ReadonlyArray<Column<ListedDeploymentJson>> = [
  {
    id: "createdAt",
    title: "Created",
    cell: ({ createdAt }) => <Moment at={createdAt} />,
    sortBy: ({ createdAt }) => Date.parse(createdAt)
  },
  {
    id: "id",
    title: "Deployment",
    cell: ({ id, isLive }) => (
      <>
        <DeploymentLink id={id} /> {isLive ? <span class="tag">live</span> : null}
      </>
    ),
    sortBy: ({ id }) => id
  },
  { id: "status", title: "Status", cell: ({ status }) => <StatusOf status={status} />, sortBy: ({ status }) => status },
  {
    id: "place",
    title: "Project, environment",
    cell: (row) => <Text of={placeOf(row)} limit={200} />,
    sortBy: placeOf
  },
  { id: "source", title: "Commit or image", cell: (row) => <Text of={sourceOf(row)} limit={120} />, sortBy: sourceOf },
  { id: "desired", title: "Desired state", cell: ({ desiredState }) => <Text of={desiredState} limit={40} /> }
]

const statuses = [
  { value: "", text: "Any status" },
  ...["pending", "building", "deploying", "network", "ready", "failed"].map((value) => ({ value, text: value }))
]

export const Deployments = () => (
  <ListPage<ListedDeploymentJson>
    title="Deployments"
    path="/deployments"
    parameters={["status", "project"]}
    filters={
      <>
        <SelectFilter name="status" label="Status" options={statuses} />
        <TextFilter name="project" label="Project" placeholder="Id of a project" />
      </>
    }
    columns={deploymentColumns}
    keyOf={({ id }) => id}
    none="There is no deployment yet."
    noMatch="No deployment matches these filters."
  />
)
