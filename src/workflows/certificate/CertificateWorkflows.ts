import { type Implementation, implement } from "effect-restate"
import { CertificateService } from "../../contract/CertificateService.ts"
import type { Acme } from "../../services/Acme.ts"
import type { CertificateMetrics } from "../../services/CertificateMetrics.ts"
import type { CertificateSettings } from "../../services/CertificateSettings.ts"
import type { CertificateStore } from "../../services/CertificateStore.ts"
import type { DnsResolver } from "../../services/DnsResolver.ts"
import type { DnsZone } from "../../services/DnsZone.ts"
import type { Heartbeat } from "../../services/Heartbeat.ts"
import type { Pki } from "../../services/Pki.ts"
import type { PlatformZones } from "../../services/PlatformZones.ts"
import type { Vault } from "../../services/Vault.ts"
import { pauseAfterRetries } from "../retry.ts"
import { handleEnsureAccount } from "./account.ts"
import { handleCheckRenewal, handleRemember } from "./checkRenewal.ts"
import { handleContinue, handleProcessChallenge, handleReissue, handleRenew } from "./obtain.ts"
import { handlePage, handleRenewAll } from "./renewAll.ts"

/** The services that the certificate handlers use. */
export type CertificateServices =
  | Acme
  | CertificateMetrics
  | CertificateSettings
  | CertificateStore
  | DnsResolver
  | DnsZone
  | Heartbeat
  | Pki
  | PlatformZones
  | Vault

/**
 * Key: domain, `global` or `acme`. A domain's key is held for about a minute at most; longer waits are delayed
 * messages.
 */
export const CertificateWorkflows: Implementation<CertificateServices> = implement(
  CertificateService,
  {
    ProcessChallenge: handleProcessChallenge,
    RenewExpiringCertificates: handleRenewAll,
    ReissueCertificate: handleReissue,
    ContinueIssuance: handleContinue,
    RenewCertificate: handleRenew,
    CheckRenewal: handleCheckRenewal,
    RememberRenewalInfo: handleRemember,
    RenewPage: handlePage,
    EnsureAccount: handleEnsureAccount
  },
  { retry: pauseAfterRetries, endsWhenExhausted: ["RenewExpiringCertificates", "RenewPage", "CheckRenewal"] }
)
