import { buildLedgerContract } from "../../services/BuildLedger.contract.ts"
import { certificateStoreContract } from "../../services/CertificateStore.contract.ts"
import { clickhouseSettingsStoreContract } from "../../services/ClickhouseSettingsStore.contract.ts"
import { deploymentStoreContract } from "../../services/DeploymentStore.contract.ts"
import { domainStoreContract } from "../../services/DomainStore.contract.ts"
import { idlePreviewStoreContract } from "../../services/IdlePreviewStore.contract.ts"
import { keyRefillStoreContract } from "../../services/KeyRefillStore.contract.ts"
import { quotaStoreContract } from "../../services/QuotaStore.contract.ts"
import { regionStoreContract } from "../../services/RegionStore.contract.ts"
import { routeStoreContract } from "../../services/RouteStore.contract.ts"
import { mysqlWorld } from "./MysqlWorld.ts"

deploymentStoreContract("MySQL", mysqlWorld)
routeStoreContract("MySQL", mysqlWorld)
regionStoreContract("MySQL", mysqlWorld)
domainStoreContract("MySQL", mysqlWorld)
certificateStoreContract("MySQL", mysqlWorld)
clickhouseSettingsStoreContract("MySQL", mysqlWorld)
idlePreviewStoreContract("MySQL", mysqlWorld)
keyRefillStoreContract("MySQL", mysqlWorld)
quotaStoreContract("MySQL", mysqlWorld)
buildLedgerContract("MySQL", mysqlWorld)
