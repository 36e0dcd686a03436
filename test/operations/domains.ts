import type { DomainFacts } from "../../src/operations/domain/DomainFacts.ts"
import type { InvocationDetail } from "../../src/operations/InvocationDetails.ts"
import { invocation, now } from "./facts.ts"

const minute = 60_000

/** The next check of a domain. */
export const check: InvocationDetail = {
  ...invocation,
  id: "inv_1fVq8sYh2b7A2m0c4Xn9KpLr6TtWzQe3Ud",
  service: "hydra.v1.CustomDomainService",
  handler: "CheckDomain",
  key: "www.example.com",
  status: "scheduled",
  startedAt: null,
  dueAt: now + 5 * minute,
  attempts: 0,
  traceId: null,
  lastStep: null,
  waitsFor: null
}

/** A domain whose record in DNS is missing. */
export const verifying: DomainFacts = {
  name: "www.example.com",
  now,
  domain: {
    id: "dom_4Rk2",
    domain: "www.example.com",
    workspaceId: "ws_1",
    projectId: "proj_FxUsFmL6",
    environmentId: "env_1",
    verificationStatus: "verifying",
    ownershipVerified: true,
    cnameVerified: false,
    targetCname: "k3j2.unkey-dns.com",
    checkAttempts: 12,
    lastCheckedAt: now - minute,
    verificationError: "www.example.com has no CNAME record",
    createdAt: now - 60 * minute,
    challengeStatus: null,
    challengeExpiresAt: null,
    certificateId: null,
    certificateStoredAt: null,
    routeDeploymentId: null
  },
  verification: check,
  issuance: null,
  commands: [],
  missing: []
}

/** A domain with a certificate, whose renewal fails. */
export const renewing: DomainFacts = {
  ...verifying,
  domain: verifying.domain && {
    ...verifying.domain,
    verificationStatus: "verified",
    cnameVerified: true,
    verificationError: null,
    challengeStatus: "verified",
    challengeExpiresAt: now + 20 * 24 * 60 * minute,
    certificateId: "cert_9Jq1",
    certificateStoredAt: now - 70 * 24 * 60 * minute,
    routeDeploymentId: "d_W1sxMKKS"
  },
  verification: null,
  issuance: {
    ...invocation,
    id: "inv_1cXb5tPq9r2D4k8e6Zv3MnHs7YyAuWf1Gj",
    service: "hydra.v1.CertificateService",
    handler: "RenewCertificate",
    key: "www.example.com",
    status: "backing-off",
    attempts: 4,
    nextRetryAt: now + 8000,
    lastStep: "new-order",
    waitsFor: null,
    failure: { code: "RT0007", step: "new-order", reason: "acme newOrder: unavailable" }
  },
  commands: [
    {
      line: "control-plane-worker retry inv_1cXb5tPq9r2D4k8e6Zv3MnHs7YyAuWf1Gj",
      effect: "tries the failed step at once"
    },
    {
      line: "control-plane-worker cancel inv_1cXb5tPq9r2D4k8e6Zv3MnHs7YyAuWf1Gj",
      effect: "ends this attempt to issue a certificate"
    }
  ]
}
