import type { ListedBuildJson } from "../api/builds.ts"
import { sourceOf } from "./Deployments.tsx"
import { ListPage } from "./ListPage.tsx"
import { BuildLink, DeploymentLink } from "./links.tsx"
import { StatusOf } from "./statuses.tsx"
import { Text } from "./Text.tsx"
import { Moment } from "./ui/Moment.tsx"
import type { Column } from "./ui/Table.tsx"

const placeOf = ({ projectId, projectSlug, workspaceSlug }: ListedBuildJson): string =>
  [workspaceSlug, projectSlug ?? projectId].filter((part) => part !== null).join("/")

const columns: ReadonlyArray<Column<ListedBuildJson>> = [
  { id: "id", title: "Build", cell: ({ id }) => <BuildLink id={id} />, sortBy: ({ id }) => id },
  { id: "state", title: "Status", cell: ({ state }) => <StatusOf status={state} />, sortBy: ({ state }) => state },
  {
    id: "detail",
    title: "Progress",
    cell: ({ detail, failure }) => <Text of={failure?.message ?? detail} limit={200} />
  },
  {
    id: "deployment",
    title: "Deployment",
    cell: ({ deploymentId }) => (deploymentId === null ? "" : <DeploymentLink id={deploymentId} />),
    sortBy: ({ deploymentId }) => deploymentId ?? ""
  },
  { id: "project", title: "Project", cell: (row) => <Text of={placeOf(row)} limit={200} />, sortBy: placeOf },
  { id: "source", title: "Commit", cell: (row) => <Text of={sourceOf({ ...row, image: null })} limit={120} /> },
  {
    id: "leaseUntil",
    title: "Lease or end",
    cell: ({ leaseUntil }) => <Moment at={leaseUntil} />,
    sortBy: ({ leaseUntil }) => Date.parse(leaseUntil)
  }
]

export const Builds = () => (
  <ListPage<ListedBuildJson>
    title="Builds"
    path="/builds"
    parameters={[]}
    columns={columns}
    keyOf={({ id }) => id}
    none="There is no build: none runs, and none has ended in the last day."
    noMatch="There is no build."
  />
)
