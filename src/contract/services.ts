import { BuildSlotService } from "./BuildSlotService.ts"
import { CertificateService } from "./CertificateService.ts"
import { ClickhouseUserService } from "./ClickhouseUserService.ts"
import { CommitStatusService } from "./CommitStatusService.ts"
import { CustomDomainService } from "./CustomDomainService.ts"
import { DeploymentService } from "./DeploymentService.ts"
import { DeployService } from "./DeployService.ts"
import { DomainProofService } from "./DomainProofService.ts"
import { IdlePreviews } from "./IdlePreviews.ts"
import { KeyRefillService } from "./KeyRefillService.ts"
import { QuotaCheckService } from "./QuotaCheckService.ts"
import { QuotaNoticeService } from "./QuotaNoticeService.ts"
import { RoutingService } from "./RoutingService.ts"
import { VersioningService } from "./VersioningService.ts"

/** Every service that a worker may serve. */
export const services = [
  BuildSlotService,
  CertificateService,
  ClickhouseUserService,
  CommitStatusService,
  CustomDomainService,
  DeployService,
  DeploymentService,
  DomainProofService,
  IdlePreviews,
  KeyRefillService,
  QuotaCheckService,
  QuotaNoticeService,
  RoutingService,
  VersioningService
] as const
