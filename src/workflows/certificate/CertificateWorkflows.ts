import { CertificateService } from "../../contract/CertificateService.ts"
import { implement } from "../../restate/Implementation.ts"
import { patient } from "../retry.ts"
import { handleEnsureAccount } from "./account.ts"
import { handleCheckRenewal, handleRemember } from "./checkRenewal.ts"
import { handleContinue, handleProcessChallenge, handleReissue, handleRenew } from "./obtain.ts"
import { handlePage, handleRenewAll } from "./renewAll.ts"

/** Key: domain, `global` or `acme`. A domain's key is held for about a minute at most; longer waits are messages. */
export const CertificateWorkflows = implement(
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
  { retry: patient }
)
