import type { ListedDomainJson } from "../api/domains.ts"
import { ListPage } from "./ListPage.tsx"
import { CertificateLink, DomainLink } from "./links.tsx"
import { StatusOf } from "./statuses.tsx"
import { Text } from "./Text.tsx"
import { SelectFilter, TextFilter } from "./ui/filters.tsx"
import { Moment } from "./ui/Moment.tsx"
import type { Column } from "./ui/Table.tsx"

const columns: ReadonlyArray<Column<ListedDomainJson>> = [
  {
    id: "createdAt",
    title: "Created",
    cell: ({ createdAt }) => <Moment at={createdAt} />,
    sortBy: ({ createdAt }) => Date.parse(createdAt)
  },
  { id: "domain", title: "Domain", cell: ({ domain }) => <DomainLink id={domain} />, sortBy: ({ domain }) => domain },
  {
    id: "status",
    title: "Verification",
    cell: ({ verificationStatus }) => <StatusOf status={verificationStatus} />,
    sortBy: ({ verificationStatus }) => verificationStatus
  },
  {
    id: "checks",
    title: "Checks",
    isNumeric: true,
    cell: ({ checkAttempts }) => checkAttempts,
    sortBy: ({ checkAttempts }) => checkAttempts
  },
  {
    id: "lastCheckedAt",
    title: "Last check",
    cell: ({ lastCheckedAt }) => <Moment at={lastCheckedAt} />,
    sortBy: ({ lastCheckedAt }) => Date.parse(lastCheckedAt ?? "") || 0
  },
  {
    id: "error",
    title: "Reason",
    cell: ({ verificationError }) => (verificationError === null ? "" : <Text of={verificationError} limit={200} />)
  },
  {
    id: "certificate",
    title: "Certificate",
    cell: ({ challengeStatus, domain }) =>
      challengeStatus === null ? "" : <CertificateLink id={domain} text={challengeStatus} />,
    sortBy: ({ challengeStatus }) => challengeStatus ?? ""
  }
]

const statuses = [
  { value: "", text: "Any status" },
  ...["pending", "verifying", "verified", "failed"].map((value) => ({ value, text: value }))
]

export const Domains = () => (
  <ListPage<ListedDomainJson>
    title="Domains"
    path="/domains"
    parameters={["status", "project"]}
    filters={
      <>
        <SelectFilter name="status" label="Verification" options={statuses} />
        <TextFilter name="project" label="Project" placeholder="Id of a project" />
      </>
    }
    columns={columns}
    keyOf={({ id }) => id}
    none="There is no custom domain yet."
    noMatch="No domain matches these filters."
  />
)
