import { Layer } from "effect"
import { CertificateStoreLive } from "../layers/mysql/CertificateStoreLive.ts"
import { DbLive } from "../layers/mysql/DbLive.ts"
import { DeploymentStoreLive } from "../layers/mysql/DeploymentStoreLive.ts"
import { DomainProofStoreLive } from "../layers/mysql/DomainProofStoreLive.ts"
import { DomainStoreLive } from "../layers/mysql/DomainStoreLive.ts"
import { IdlePreviewStoreLive } from "../layers/mysql/IdlePreviewStoreLive.ts"
import { KeyRefillStoreLive } from "../layers/mysql/KeyRefillStoreLive.ts"
import { QuotaStoreLive } from "../layers/mysql/QuotaStoreLive.ts"
import { RegionStoreLive } from "../layers/mysql/RegionStoreLive.ts"
import { RouteStoreLive } from "../layers/mysql/RouteStoreLive.ts"

/** Every store of the workflows, on the same pools. */
export const Stores = Layer.mergeAll(
  CertificateStoreLive,
  DbLive,
  DeploymentStoreLive,
  DomainProofStoreLive,
  DomainStoreLive,
  IdlePreviewStoreLive,
  KeyRefillStoreLive,
  QuotaStoreLive,
  RegionStoreLive,
  RouteStoreLive
)
