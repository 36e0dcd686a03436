import type { ListedCertificateJson } from "../api/domains.ts"
import { ListPage } from "./ListPage.tsx"
import { CertificateLink } from "./links.tsx"
import { StatusOf } from "./statuses.tsx"
import { SelectFilter } from "./ui/filters.tsx"
import { Moment } from "./ui/Moment.tsx"
import type { Column } from "./ui/Table.tsx"

/** A verified challenge ends with its certificate. */
export const certificateStatus = (challengeStatus: string, expiresAt: string | null, now: number): string =>
  challengeStatus === "verified" && expiresAt !== null && Date.parse(expiresAt) < now ? "expired" : challengeStatus

const statusOf = ({ challengeStatus, expiresAt }: ListedCertificateJson): string =>
  certificateStatus(challengeStatus, expiresAt, Date.now())

const columns: ReadonlyArray<Column<ListedCertificateJson>> = [
  {
    id: "domain",
    title: "Domain",
    cell: ({ domain }) => <CertificateLink id={domain} />,
    sortBy: ({ domain }) => domain
  },
  { id: "status", title: "Status", cell: (row) => <StatusOf status={statusOf(row)} />, sortBy: statusOf },
  {
    id: "expiresAt",
    title: "Expires",
    cell: ({ expiresAt }) => <Moment at={expiresAt} />,
    sortBy: ({ expiresAt }) => Date.parse(expiresAt)
  },
  {
    id: "storedAt",
    title: "Stored",
    cell: ({ storedAt }) => <Moment at={storedAt} />,
    sortBy: ({ storedAt }) => Date.parse(storedAt ?? "") || 0
  },
  { id: "certificateId", title: "Certificate", cell: ({ certificateId }) => <code>{certificateId ?? ""}</code> },
  {
    id: "workspace",
    title: "Workspace",
    cell: ({ workspaceId }) => <code>{workspaceId}</code>,
    sortBy: ({ workspaceId }) => workspaceId
  }
]

const statuses = [
  { value: "", text: "Any status" },
  ...["waiting", "pending", "verified", "failed"].map((value) => ({ value, text: value }))
]

export const Certificates = () => (
  <ListPage<ListedCertificateJson>
    title="Certificates"
    path="/certificates"
    parameters={["status"]}
    filters={<SelectFilter name="status" label="Status" options={statuses} />}
    columns={columns}
    keyOf={({ domain }) => domain}
    none="No certificate has been requested yet."
    noMatch="No certificate has this status."
  />
)
