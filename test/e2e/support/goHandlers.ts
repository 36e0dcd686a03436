/** The handlers of the Go worker: names, modes and privacy that callers and other workers rely on. */
export const goHandlers = [
  "hydra.v1.CertificateService/ProcessChallenge Exclusive public",
  "hydra.v1.CertificateService/RenewExpiringCertificates Exclusive public",
  "hydra.v1.CustomDomainService/RetryVerification Exclusive public",
  "hydra.v1.CustomDomainService/VerifyDomain Exclusive public",
  "hydra.v1.DeployService/Deploy Shared public",
  "hydra.v1.DeployService/Promote Shared public",
  "hydra.v1.DeployService/Rollback Shared public",
  "hydra.v1.DeployService/ScaleDownIdlePreviewDeployments Shared public",
  "hydra.v1.DeploymentService/ChangeDesiredState Exclusive private",
  "hydra.v1.DeploymentService/ClearScheduledStateChanges Exclusive private",
  "hydra.v1.DeploymentService/ScheduleDesiredStateChange Exclusive private",
  "hydra.v1.KeyRefillService/RunRefill Shared public",
  "hydra.v1.QuotaCheckService/RunCheck Shared public",
  "hydra.v1.RoutingService/AssignFrontlineRoutes Exclusive private",
  "hydra.v1.VersioningService/GetVersion Exclusive private",
  "hydra.v1.VersioningService/NextVersion Exclusive private"
] as const
