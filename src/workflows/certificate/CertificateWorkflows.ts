import { type Implementation, implement } from "effect-restate"
import { CertificateService } from "../../contract/CertificateService.ts"
import type { Acme } from "../../services/certificate/Acme.ts"
import type { CertificateSettings } from "../../services/certificate/CertificateSettings.ts"
import type { CertificateStore } from "../../services/certificate/CertificateStore.ts"
import type { Pki } from "../../services/certificate/Pki.ts"
import type { PlatformZones } from "../../services/customDomain/PlatformZones.ts"
import type { DnsResolver } from "../../services/dns/DnsResolver.ts"
import type { DnsZone } from "../../services/dns/DnsZone.ts"
import type { Heartbeat } from "../../services/Heartbeat.ts"
import type { Vault } from "../../services/vault/Vault.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { handleContinue, handleProcessChallenge, handleReissue, handleRenew } from "./obtain.ts"
import { handleEnsureAccount } from "./order/account.ts"
import { handleCheckRenewal, handleRemember } from "./renew/checkRenewal.ts"
import { handlePage, handleRenewAll } from "./renew/renewAll.ts"

/** The services that the certificate handlers use. */
export type CertificateServices =
  | Acme
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
  {
    retry: pauseAfterRetries,
    attributes: requestAttributes(),
    endsWhenExhausted: ["RenewExpiringCertificates", "RenewPage", "CheckRenewal"]
  }
)
