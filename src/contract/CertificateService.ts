import { Schema } from "effect"
import { InvalidRequest, NotFound } from "./errors.ts"
import { id, list, message } from "./protojson.ts"
import { int32, text } from "./scalars.ts"

/**
 * Obtains and renews certificates. The key is the domain; `global` for the renewal of all of them. The domain of a request
 * decides what is issued, as it always has.
 */
export const CertificateService = {
  name: "hydra.v1.CertificateService",
  handlers: {
    ProcessChallenge: {
      input: message("hydra.v1.ProcessChallengeRequest", { workspaceId: text(), domain: id(256) }),
      /** `status` is `success`, `failed`, or `pending` while the CA wants us to wait. */
      output: message("hydra.v1.ProcessChallengeResponse", { certificateId: text(), status: text() }),
      error: Schema.Union(InvalidRequest, NotFound),
      mode: "exclusive",
      ingress: "public"
    },
    RenewExpiringCertificates: {
      /** Days before the expiry from which a certificate is renewed whatever the CA suggests; 0 means 30. */
      input: message("hydra.v1.RenewExpiringCertificatesRequest", { daysBeforeExpiry: int32 }),
      output: message("hydra.v1.RenewExpiringCertificatesResponse", {
        certificatesChecked: int32,
        renewalsTriggered: int32,
        failedDomains: list(text())
      }),
      error: InvalidRequest,
      mode: "exclusive",
      ingress: "public"
    }
  }
} as const
