import type { ListedInvocationJson } from "../api/invocations.ts"
import { clean } from "./clean.ts"
import { InvocationLink } from "./links.tsx"
import { InvocationStatus, invocationStatus } from "./statuses.tsx"
import { Text } from "./Text.tsx"
import { formatMillis } from "./ui/format.ts"
import { Moment } from "./ui/Moment.tsx"
import type { Column } from "./ui/Table.tsx"

/** `hydra.v1.DeployService` without what is the same in every line. */
export const shortService = (service: string): string => service.replace(/^[a-z0-9_.]+\.v\d+\./, "").slice(0, 128)

const ageOf = ({ completedAt, createdAt }: ListedInvocationJson): number =>
  (completedAt === null ? Date.now() : Date.parse(completedAt)) - Date.parse(createdAt)

const failureText = ({ failure }: ListedInvocationJson): string =>
  [failure?.step, failure?.code].filter((text) => text != null).join(" ")

export const invocationColumns: ReadonlyArray<Column<ListedInvocationJson>> = [
  {
    id: "createdAt",
    title: "Created",
    cell: ({ createdAt }) => <Moment at={createdAt} />,
    sortBy: ({ createdAt }) => Date.parse(createdAt)
  },
  {
    id: "target",
    title: "Invocation",
    cell: ({ handler, id, service }) => <InvocationLink id={id} text={`${shortService(service)}/${handler}`} />,
    sortBy: ({ handler, service }) => `${shortService(service)}/${handler}`
  },
  {
    id: "key",
    title: "Key",
    cell: ({ key }) => (key === null ? "" : <code>{clean(key, 128)}</code>),
    sortBy: ({ key }) => key ?? ""
  },
  {
    id: "status",
    title: "Status",
    cell: ({ result, status }) => <InvocationStatus status={status} result={result} />,
    sortBy: invocationStatus
  },
  {
    id: "age",
    title: "Duration",
    isNumeric: true,
    cell: (row) => formatMillis(Math.max(0, ageOf(row))),
    sortBy: ageOf
  },
  {
    id: "attempts",
    title: "Attempts",
    isNumeric: true,
    cell: ({ attempts }) => (attempts === 0 ? "" : attempts),
    sortBy: ({ attempts }) => attempts
  },
  {
    id: "failure",
    title: "Last failure",
    cell: (row) => <Text of={failureText(row)} limit={200} />,
    sortBy: failureText
  }
]
