import { buildLedgerContract } from "../../services/BuildLedger.contract.ts"
import { certificateStoreContract } from "../../services/CertificateStore.contract.ts"
import { clickhouseSettingsStoreContract } from "../../services/ClickhouseSettingsStore.contract.ts"
import { deploymentStoreContract } from "../../services/DeploymentStore.contract.ts"
import { domainProofStoreContract } from "../../services/DomainProofStore.contract.ts"
import { domainStoreContract } from "../../services/DomainStore.contract.ts"
import { idlePreviewStoreContract } from "../../services/IdlePreviewStore.contract.ts"
import { keyRefillStoreContract } from "../../services/KeyRefillStore.contract.ts"
import { quotaStoreContract } from "../../services/QuotaStore.contract.ts"
import { regionStoreContract } from "../../services/RegionStore.contract.ts"
import { routeStoreContract } from "../../services/RouteStore.contract.ts"
import { servingWorld } from "./MysqlWorld.ts"

deploymentStoreContract("MySQL", servingWorld)
routeStoreContract("MySQL", servingWorld)
regionStoreContract("MySQL", servingWorld)
domainProofStoreContract("MySQL", servingWorld)
domainStoreContract("MySQL", servingWorld)
certificateStoreContract("MySQL", servingWorld)
clickhouseSettingsStoreContract("MySQL", servingWorld)
idlePreviewStoreContract("MySQL", servingWorld)
keyRefillStoreContract("MySQL", servingWorld)
quotaStoreContract("MySQL", servingWorld)
buildLedgerContract("MySQL", servingWorld)
