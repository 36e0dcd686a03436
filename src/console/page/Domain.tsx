import type { DomainPageJson } from "../api/domains.ts"
import type { InvocationJson } from "../api/invocations.ts"
import { Actions } from "./Actions.tsx"
import { certificateStatus } from "./Certificates.tsx"
import { Commands, cancelEffectOf } from "./Commands.tsx"
import { Block, Facts } from "./Facts.tsx"
import { InvocationFacts } from "./InvocationFacts.tsx"
import { CertificateLink, DeploymentLink, DomainLink, RestateUiLink, TraceLink } from "./links.tsx"
import { SubjectPage } from "./SubjectPage.tsx"
import { StatusOf } from "./statuses.tsx"
import { Text } from "./Text.tsx"
import { Moment } from "./ui/Moment.tsx"

type Record = NonNullable<DomainPageJson["domain"]>

const yesNo = (value: boolean): string => (value ? "yes" : "no")
const optional = (at: string | null) => (at === null ? null : <Moment at={at} />)

const Verification = ({ domain }: { readonly domain: Record }) => (
  <Facts
    of={[
      ["Status", <StatusOf key="status" status={domain.verificationStatus} />],
      [
        "Reason",
        domain.verificationError === null ? null : <Text key="reason" of={domain.verificationError} limit={600} />
      ],
      ["Ownership verified", yesNo(domain.ownershipVerified)],
      ["CNAME verified", yesNo(domain.cnameVerified)],
      ["CNAME target", <Text key="target" of={domain.targetCname} limit={256} />],
      ["Checks", domain.checkAttempts],
      ["Last check", optional(domain.lastCheckedAt)],
      ["Created", optional(domain.createdAt)],
      ["Workspace, project", <code key="ids">{`${domain.workspaceId} ${domain.projectId}`}</code>],
      [
        "Leads to",
        domain.routeDeploymentId === null ? (
          "no route"
        ) : domain.routeDeploymentId === "" ? (
          "waits for a deployment"
        ) : (
          <DeploymentLink key="route" id={domain.routeDeploymentId} />
        )
      ]
    ]}
  />
)

const CertificateFacts = ({ domain, now }: { readonly domain: Record; readonly now: string }) => {
  const { challengeExpiresAt, challengeStatus } = domain
  if (challengeStatus === null) return <p class="dim">No certificate was requested.</p>
  return (
    <Facts
      of={[
        [
          "Status",
          <StatusOf key="status" status={certificateStatus(challengeStatus, challengeExpiresAt, Date.parse(now))} />
        ],
        [challengeStatus === "verified" ? "Expires" : "Challenge expires", optional(challengeExpiresAt)],
        ["Certificate", domain.certificateId === null ? null : <code key="id">{domain.certificateId}</code>],
        ["Stored", optional(domain.certificateStoredAt)]
      ]}
    />
  )
}

interface InvocationBlockProperties {
  readonly title: string
  readonly subject: string
  readonly invocation: InvocationJson | null
  readonly page: DomainPageJson
  readonly reload: () => void
}

const InvocationBlock = ({ invocation, page, reload, subject, title }: InvocationBlockProperties) => (
  <Block title={title}>
    {invocation === null ? (
      <p class="dim">Restate keeps no invocation of it.</p>
    ) : (
      <>
        <div class="toolbar start">
          <RestateUiLink invocation={invocation.id} />
          <TraceLink traceId={invocation.traceId} />
          <Actions
            invocation={invocation}
            subject={subject}
            cancelEffect={cancelEffectOf(page.commands, invocation.id)}
            done={reload}
          />
        </div>
        <InvocationFacts invocation={invocation} />
      </>
    )}
  </Block>
)

interface PageProperties {
  readonly page: DomainPageJson
  readonly reload: () => void
}

const UnreadableRow = () => <p class="dim">Its row cannot be read now.</p>

const VerificationBlocks = ({ page, reload }: PageProperties) => (
  <>
    <Block title="Verification">
      {page.domain === null ? <UnreadableRow /> : <Verification domain={page.domain} />}
    </Block>
    <InvocationBlock
      title="Invocation of the verification"
      subject={`verification of ${page.name}`}
      invocation={page.verification}
      page={page}
      reload={reload}
    />
  </>
)

const CertificateBlocks = ({ page, reload }: PageProperties) => (
  <>
    <Block title="Certificate">
      {page.domain === null ? <UnreadableRow /> : <CertificateFacts domain={page.domain} now={page.now} />}
    </Block>
    <InvocationBlock
      title="Invocation of the issuance"
      subject={`issuance for ${page.name}`}
      invocation={page.issuance}
      page={page}
      reload={reload}
    />
  </>
)

const Body = ({ isCertificate, page, reload }: PageProperties & { readonly isCertificate: boolean }) => {
  const [First, Second] = isCertificate
    ? [CertificateBlocks, VerificationBlocks]
    : [VerificationBlocks, CertificateBlocks]
  return (
    <>
      <div class="columns">
        <First page={page} reload={reload} />
        <Second page={page} reload={reload} />
      </div>
      {page.commands.length === 0 ? null : (
        <Block title="Commands">
          <Commands of={page.commands} />
        </Block>
      )}
    </>
  )
}

const statusOf = ({ domain, now }: DomainPageJson, isCertificate: boolean): string => {
  if (domain === null) return "unknown"
  if (!isCertificate) return domain.verificationStatus
  return domain.challengeStatus === null
    ? "not requested"
    : certificateStatus(domain.challengeStatus, domain.challengeExpiresAt, Date.parse(now))
}

/** A custom domain with its certificate; as a certificate, that one first. */
export const Domain = ({ isCertificate, name }: { readonly name: string; readonly isCertificate: boolean }) => (
  <SubjectPage<DomainPageJson>
    kind={isCertificate ? "Certificate" : "Domain"}
    id={name}
    url={`/api/${isCertificate ? "certificates" : "domains"}/${encodeURIComponent(name)}`}
    refresh={() => 5000}
    subtitle={(page) => <StatusOf status={statusOf(page, isCertificate)} />}
    toolbar={(page) =>
      isCertificate ? (
        <DomainLink id={page.name} text="The domain" />
      ) : (
        <CertificateLink id={page.name} text="The certificate" />
      )
    }
  >
    {(page, reload) => <Body page={page} isCertificate={isCertificate} reload={reload} />}
  </SubjectPage>
)
